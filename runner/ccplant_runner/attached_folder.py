"""Where a prompt's files are put: in the workspace, so that an agent may read them, and out of the repository's reach.

The repository is hostile input: what is in the way may be a link that leads anywhere. Each folder is opened from the one
above it and no link is followed. Every prompt has a folder of its own with a name that nobody could foresee, and in it
an ignore file of its own, which for git goes before all that the repository says: the files are never committed.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ccplant_contracts.attachment import file_name

FOLDER = (".ccplant", "attachments")
_IGNORE = ".gitignore"
_DRAFT = ".part"
_TAKEN = frozenset({_IGNORE, _DRAFT, ".git"})
"""Names that mean something to git, or here."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Write = Callable[[bytes], None]


class InTheWayError(Exception):
    """Something that is no folder is where a folder has to be."""


class AttachedFolder:
    """The folder of one prompt's files."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @contextmanager
    def file(self, name: str) -> Iterator[Write]:
        """Write a file, which is there under its name once all of it is, and not at all where that fails."""
        self._remove(_DRAFT)
        target = os.open(_DRAFT, _NEW_FILE, 0o600, dir_fd=self._descriptor)

        def write(data: bytes) -> None:
            left = memoryview(data)
            while left:
                left = left[os.write(target, left) :]

        try:
            yield write
            os.rename(_DRAFT, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except BaseException:
            self._remove(_DRAFT)
            raise
        finally:
            os.close(target)

    def _remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)


@contextmanager
def attached_folder(workspace: Path, prompt_id: str) -> Iterator[AttachedFolder]:
    """Open the folder of a prompt's files, and make it where it is not there yet.

    Raises:
        InTheWayError: the repository has something else in its place.
        OSError: it cannot be made.
    """
    parts = (*FOLDER, file_name(prompt_id))
    descriptor = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for number, part in enumerate(parts, 1):
            try:
                inner = _entered(part, descriptor)
            except OSError as error:
                if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                    raise
                raise InTheWayError(f"{'/'.join(parts[:number])} in the workspace is no folder") from error
            os.close(descriptor)
            descriptor = inner
        _ignore_all(descriptor)
        yield AttachedFolder(workspace.joinpath(*parts), descriptor)
    finally:
        os.close(descriptor)


def _entered(part: str, above: int) -> int:
    with contextlib.suppress(FileExistsError):
        os.mkdir(part, 0o700, dir_fd=above)
    return os.open(part, _DIRECTORY, dir_fd=above)


def _ignore_all(descriptor: int) -> None:
    with contextlib.suppress(FileExistsError):
        target = os.open(_IGNORE, _NEW_FILE, 0o600, dir_fd=descriptor)
        try:
            os.write(target, b"*\n")
        finally:
            os.close(target)


def names_on_disk(names: Sequence[str]) -> list[str]:
    """Return a name for each file, no two the same and none that means something else; pure."""
    taken = set(_TAKEN)
    chosen: list[str] = []
    for given in names:
        name = plain = file_name(given)
        number = 2
        while name.casefold() in taken:
            name = f"{Path(plain).stem}-{number}{Path(plain).suffix}"
            number += 1
        taken.add(name.casefold())
        chosen.append(name)
    return chosen
