"""A file system in memory of a size that is set, for what must be seen on a full disk."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def mount(folder: Path, options: str) -> bool:
    """Mount it there with options, or mount it anew with others; False without the privileges for that."""
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0


def unmount(folder: Path) -> None:
    """Take it away, with all that is on it."""
    subprocess.run(["umount", "-l", str(folder)], check=True)
