"""A repository on this machine, for sessions to clone."""

from __future__ import annotations

import subprocess
from pathlib import Path


def repository(folder: Path) -> str:
    """Make a repository with one commit; return its address."""
    place = folder / "origin"
    place.mkdir()
    (place / "README.md").write_text("old\n")
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@example.test", "commit", "-q", "-m", "first"],
    ):
        subprocess.run(["git", *command], cwd=place, check=True, timeout=30)
    return place.as_uri()
