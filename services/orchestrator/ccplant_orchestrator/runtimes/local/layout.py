"""Where everything of a local session lies, under one data folder that its user alone can read.

::

    sessions/{session}/{launch}/   launch.json  lock  spec.json  supervisor.json  runner.json  exit.json
                                   log.txt  log.1.txt  state/{wal/,home/,last_word.json}  tmp/  workspace/
    volumes/{volume}/              claim  workspace/  home/   kept beyond the session where its owner wants that
    fenced/{launch}                this launch must not start (again), whatever a late orchestrator believes
    trash/                         what is being removed
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LAUNCH_MARK = "CCPLANT_LAUNCH_ID"
DATA_MARK = "CCPLANT_DATA_ID"
"""Environment variables by which a process of ours is known, wherever it ran off to."""

_PRIVATE = 0o700


@dataclass(frozen=True)
class LaunchFolder:
    """The folder of one launch."""

    path: Path

    @property
    def launch_id(self) -> str:
        return self.path.name

    @property
    def reference(self) -> Path:
        return self.path / "launch.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def supervisor(self) -> Path:
        return self.path / "supervisor.json"

    @property
    def runner(self) -> Path:
        return self.path / "runner.json"

    @property
    def exit(self) -> Path:
        return self.path / "exit.json"

    @property
    def spec(self) -> Path:
        return self.path / "spec.json"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def earlier_log(self) -> Path:
        return self.path / "log.1.txt"

    @property
    def state(self) -> Path:
        return self.path / "state"

    @property
    def wal(self) -> Path:
        return self.state / "wal"

    @property
    def last_word(self) -> Path:
        return self.state / "last_word.json"

    @property
    def home(self) -> Path:
        return self.state / "home"

    @property
    def temporary(self) -> Path:
        return self.path / "tmp"

    @property
    def workspace(self) -> Path:
        return self.path / "workspace"


@dataclass(frozen=True)
class VolumeFolder:
    """The folder of a volume."""

    path: Path

    @property
    def claim(self) -> Path:
        return self.path / "claim"

    @property
    def workspace(self) -> Path:
        return self.path / "workspace"

    @property
    def home(self) -> Path:
        return self.path / "home"


@dataclass(frozen=True)
class DataFolder:
    """The folder of one installation."""

    root: Path

    @property
    def sessions(self) -> Path:
        return self.root / "sessions"

    @property
    def trash(self) -> Path:
        return self.root / "trash"

    @property
    def fences(self) -> Path:
        return self.root / "fenced"

    def launch(self, session_id: str, launch_id: str) -> LaunchFolder:
        return LaunchFolder(self.sessions / _one_name(session_id) / _one_name(launch_id))

    def volume(self, volume_id: str) -> VolumeFolder:
        return VolumeFolder(self.root / "volumes" / _one_name(volume_id))

    def volumes(self) -> Iterator[VolumeFolder]:
        """Find all volumes."""
        return (VolumeFolder(path) for path in _folders(self.root / "volumes"))

    def fence(self, launch_id: str) -> Path:
        return self.fences / _one_name(launch_id)

    def launches(self) -> Iterator[LaunchFolder]:
        """Find the folders of all launches."""
        for session in _folders(self.sessions):
            for launch in _folders(session):
                yield LaunchFolder(launch)

    def data_id(self) -> str:
        """Name this folder so that another installation's processes are never taken for this one's."""
        place = self.root.resolve()
        status = place.stat()
        return hashlib.sha256(f"{place}\0{status.st_dev}\0{status.st_ino}".encode()).hexdigest()[:24]


def make_private(path: Path) -> None:
    """Make a folder, and those above it, for the user alone."""
    if not path.is_dir():
        make_private(path.parent)
        path.mkdir(_PRIVATE, exist_ok=True)


def _folders(path: Path) -> list[Path]:
    try:
        return [entry for entry in path.iterdir() if entry.is_dir() and not entry.is_symlink()]
    except FileNotFoundError:
        return []


def _one_name(name: str) -> str:
    """Return a name that stays within its folder.

    Raises:
        ValueError: it would not.
    """
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"not the name of a folder: {name!r}")
    return name
