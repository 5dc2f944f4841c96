"""From pip's report of an installation: a lock file with the hash of every package, and a bill of materials (CycloneDX).

    python constraints/lock.py REPORT LOCK SBOM

`make lock` has pip write the report. Where files come from is left out: a lock holds wherever they are served.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OWN = "proctor"
HEAD = """\
# Every package of the CPU environment with the hash of its file, for the machine that the file of the name says:
#     pip install --require-hashes --no-deps -r constraints/cpu.lock.txt && pip install --no-deps -e .
# Written by `make lock`.
"""

Package = Mapping[str, Any]


def packages(report: Path) -> dict[str, Package]:
    """The report's entries by canonical name, in order. Raises ValueError for one of a file without a SHA-256."""
    found = {canonicalize_name(one["metadata"]["name"]): one for one in json.loads(report.read_text())["install"]}
    for name, one in found.items():
        if name != OWN and len(sha256(one)) != 64:
            raise ValueError(f"{report}: {name} has no SHA-256")
    return dict(sorted(found.items()))


def sha256(package: Package) -> str:
    """The digest of its file; empty for what was no file."""
    return str(package["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256", ""))


def version(package: Package) -> str:
    """As it is installed, e.g. 2.13.0+cpu."""
    return str(package["metadata"]["version"])


def needed(
    package: Package, extras: tuple[str, ...], among: Mapping[str, Package]
) -> Iterator[tuple[str, Requirement]]:
    """The packages that it asks for on this machine, with these extras of it, as far as they are among those."""
    for text in package["metadata"].get("requires_dist", ()):
        asked = Requirement(text)
        name = canonicalize_name(asked.name)
        marker = asked.marker
        if name in among and (marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))):
            yield name, asked


def reached(extra: str, among: Mapping[str, Package]) -> set[str]:
    """All that an extra of ours brings along; "" for what is always installed."""
    found: set[tuple[str, tuple[str, ...]]] = set()
    open_ends: list[tuple[str, tuple[str, ...]]] = [(OWN, (extra,))]
    while open_ends:
        name, extras = open_ends.pop()
        for other, asked in needed(among[name], extras, among):
            place = other, tuple(sorted(asked.extras))
            if place not in found:
                found.add(place)
                open_ends.append(place)
    return {name for name, _ in found}


def lock(among: Mapping[str, Package]) -> str:
    """The text of the lock file."""
    lines = [
        f"{name}=={version(one)} \\\n    --hash=sha256:{sha256(one)}\n" for name, one in among.items() if name != OWN
    ]
    return HEAD + "".join(lines)


def bill(among: Mapping[str, Package]) -> dict[str, Any]:
    """The bill of materials: what each package is, which of our extras bring it, and what it needs."""
    extras = sorted(among[OWN]["requested_extras"])
    always = reached("", among)
    brought = {extra: reached(extra, among) for extra in extras}

    def reference(name: str) -> str:
        return f"pkg:pypi/{name}@{version(among[name])}"

    def component(name: str, package: Package) -> dict[str, Any]:
        by = [extra for extra in extras if name in brought[extra] and name not in always]
        return {
            "type": "library",
            "bom-ref": reference(name),
            "name": name,
            "version": version(package),
            "purl": reference(name),
            "hashes": [{"alg": "SHA-256", "content": sha256(package)}],
            "properties": [{"name": "proctor:extras", "value": "always" if name in always else " ".join(by)}],
        }

    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": reference(OWN), "name": OWN, "version": version(among[OWN])}
        },
        "components": [component(name, one) for name, one in among.items() if name != OWN],
        "dependencies": [
            {
                "ref": reference(name),
                "dependsOn": sorted(
                    {reference(other) for other, _ in needed(one, tuple(extras) if name == OWN else (), among)}
                ),
            }
            for name, one in among.items()
        ],
    }


def main(report: str, lock_file: str, bill_file: str) -> None:
    """Write both files."""
    among = packages(Path(report))
    Path(lock_file).write_text(lock(among))
    Path(bill_file).write_text(json.dumps(bill(among), indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
