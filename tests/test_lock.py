"""The lock file and the bill of materials: whole, pinned by hash, of the versions that are tested, and without a place."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONSTRAINTS = ROOT / "constraints"
PIN = re.compile(r"([a-z0-9-]+)==(\S+) \\\n    --hash=sha256:([0-9a-f]{64})\n")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def locked():
    text = (CONSTRAINTS / "cpu.lock.txt").read_text()
    pins = PIN.findall(text)
    rest = PIN.sub("", text)
    assert all(line.startswith("#") for line in rest.splitlines())
    return {name: (version, digest) for name, version, digest in pins}


def test_every_version_that_is_tested_is_locked(locked):
    tested = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (CONSTRAINTS / "cpu.txt").read_text(), re.MULTILINE))
    differing = {
        name: (version, locked[canonical(name)][0])
        for name, version in tested.items()
        if canonical(name) in locked and locked[canonical(name)][0].partition("+")[0] != version
    }
    assert not differing, "make lock"


def test_what_the_locked_extras_ask_for_is_locked(locked):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (extras,) = re.findall(r"^LOCKED := (\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    asked = [
        *project["dependencies"],
        *(one for extra in extras.split(",") for one in project["optional-dependencies"][extra]),
    ]
    missing = {canonical(re.split(r"[<>=!\[ ;]", one)[0]) for one in asked} - {*locked}
    assert not missing, "make lock"


def test_no_place_is_named():
    for name in ("cpu.lock.txt", "cpu.sbom.json"):
        assert not re.search(r"://|\b[a-z0-9-]+\.(?:org|com|io|net)\b", (CONSTRAINTS / name).read_text()), name


def test_the_bill_is_of_what_is_locked(locked):
    bill = json.loads((CONSTRAINTS / "cpu.sbom.json").read_text())
    listed = {one["name"]: (one["version"], one["hashes"][0]["content"]) for one in bill["components"]}
    assert listed == locked
    assert bill["bomFormat"] == "CycloneDX"
    known = {one["bom-ref"] for one in bill["components"]}
    assert {other for one in bill["dependencies"] for other in one["dependsOn"]} <= known
    brought = {one["name"]: one["properties"][0]["value"] for one in bill["components"]}
    assert brought["numpy"] == "always"
    assert "local" in brought["torch"].split()


def package(name, *needs, digest="a" * 64, **more):
    return {
        "metadata": {"name": name, "version": "1.0", "requires_dist": [*needs]},
        "download_info": {"url": "https://files.example/x", "archive_info": {"hashes": {"sha256": digest}}},
        **more,
    }


def written(tmp_path, *found):
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"install": found}))
    command = [sys.executable, CONSTRAINTS / "lock.py", report, tmp_path / "lock", tmp_path / "bill"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_extras_bring_what_they_need_and_what_that_needs(tmp_path):
    own = package("proctor", "always", 'direct; extra == "x"', 'other; extra == "y"', requested_extras=["x"])
    done = written(
        tmp_path, own, package("always"), package("Direct", "in_direct"), package("in.direct"), package("other")
    )
    assert done.returncode == 0, done.stderr
    bill = json.loads((tmp_path / "bill").read_text())
    brought = {one["name"]: one["properties"][0]["value"] for one in bill["components"]}
    assert brought == {"always": "always", "direct": "x", "in-direct": "x", "other": ""}
    assert "example" not in (tmp_path / "lock").read_text() + (tmp_path / "bill").read_text()


def test_a_package_without_a_digest_is_refused(tmp_path):
    done = written(tmp_path, package("proctor", requested_extras=[]), package("loose", digest=""))
    assert done.returncode != 0
    assert "loose has no SHA-256" in done.stderr
