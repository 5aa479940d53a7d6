"""A clone is whole, or there is none: a volume outlives a runner that was killed in the middle of one.

What such a runner leaves looks like a repository and is not one, and the next session on the volume would take it for its
own. A mark beside the workspace says that a clone is under way. It is made only for an empty workspace, so what is thrown
away where a mark is found is never anything that somebody worked on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MARK = ".ccplant-cloning"


def remove_half_clone(workspace: Path, home: Path) -> bool:
    """Throw away what a clone left that did not come to its end; return whether there was any.

    Called at every start, so that no mark stays behind for files that come later.
    """
    mark = home / _MARK
    if not mark.exists():
        return False
    _empty(workspace)
    mark.unlink()
    return True


@contextmanager
def whole_or_nothing(workspace: Path, home: Path) -> Iterator[None]:
    """Clone within this; where that fails an empty workspace is empty again."""
    if any(workspace.iterdir()):
        yield
        return
    mark = home / _MARK
    mark.touch(0o600)
    try:
        yield
    except BaseException:
        _empty(workspace)
        mark.unlink()
        raise
    mark.unlink()


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
