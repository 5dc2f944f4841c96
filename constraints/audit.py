"""Known vulnerabilities of the packages in a lock file, by pip-audit: exit code 1 for some, 3 where nobody knew any.

.venv/audit/bin/python constraints/audit.py LOCK
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS = 900


def main(lock: str) -> int:
    """Ask, and say what was found, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        asked = ["pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off", "-r", lock]
        command = [sys.executable, "-m", *asked, "--format", "json", "--output", str(told)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
        if not told.is_file() or not told.stat().st_size:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            print(f"not audited: nobody could be asked, perhaps for want of a network ({said[:80]})")
            return 3
        packages = json.loads(told.read_text())["dependencies"]
    found = [(one, flaw) for one in packages for flaw in one.get("vulns", ())]
    for one, flaw in found:
        print(
            f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version'}"
        )
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    print(f"{len(packages) - len(skipped)} of {len(packages)} packages audited, {len(found)} known vulnerabilities")
    if skipped:
        print(f"unknown to who was asked: {', '.join(skipped)}")
    return 1 if found else 3 if len(skipped) == len(packages) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
