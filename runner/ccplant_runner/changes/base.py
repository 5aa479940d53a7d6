"""Remembers which commit was cloned: what all changes are counted from, the agent's own commits included.

It is kept beside the workspace, on the same volume: a session that goes on with it still says what was cloned. What is read
back was within the agent's reach, so it is taken for nothing but a commit's name.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, ValidationError

from ccplant_contracts.base import Message
from ccplant_contracts.changes import ChangesBase
from ccplant_runner.changes.git import head_of

_NAME = ".ccplant-cloned"
_MOST_BYTES = 4_096


class _Kept(Message):
    commit: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]
    branch: Annotated[str, StringConstraints(min_length=1, max_length=1_000)] | None = None


async def remember(workspace: Path, home: Path, path: str) -> ChangesBase | None:
    """Note what a fresh clone stands on; None: the repository is empty.

    Raises:
        OSError: it cannot be written.
        GitFailedError: git cannot say.
    """
    branch, commit = await head_of(workspace, home, path)
    if commit is None:
        (home / _NAME).unlink(missing_ok=True)
        return None
    kept = _Kept(commit=commit, branch=branch)
    (home / _NAME).write_text(kept.model_dump_json(), encoding="utf-8")
    return ChangesBase(branch=kept.branch, commit=kept.commit)


async def recall(workspace: Path, home: Path, path: str, *, cloned: bool) -> ChangesBase | None:
    """Return what was cloned into a workspace that was kept; None: nothing.

    Where no note says it, a session with a repository counts from where that stands now.

    Raises:
        GitFailedError: git cannot say.
    """
    kept = _read(home / _NAME)
    if kept is not None:
        return ChangesBase(branch=kept.branch, commit=kept.commit)
    if not cloned:
        return None
    branch, commit = await head_of(workspace, home, path)
    return None if commit is None else ChangesBase(branch=branch, commit=commit)


def keep_index(workspace: Path, index: Path) -> None:
    """Keep the index of a fresh clone: git knows by it which files it need not read again.

    Its time is kept, too: by that git tells which files changed in the same moment, and have to be read.

    Raises:
        OSError: it cannot be copied.
    """
    index.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy2(workspace / ".git" / "index", index)


def _read(file: Path) -> _Kept | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return _Kept.model_validate_json(os.read(descriptor, _MOST_BYTES))
    except (OSError, ValidationError):
        return None
    finally:
        os.close(descriptor)
