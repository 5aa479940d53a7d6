"""Files that several processes share: written whole or not at all, and locks that the kernel gives back.

The supervisor imports this: only `errno`, `os`, `fcntl` and `json`.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os

_ROOM = 4_096
_NOT_NOW = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)
"""Errors that say nothing about the file."""


def write_json(path: str, content: dict[str, object], *, durable: bool = False) -> None:
    """Put a document in place atomically; a reader sees the old one or the new one, whole."""
    draft = f"{path}.{os.urandom(6).hex()}.tmp"
    reserve(draft)
    commit(draft, path, content, durable=durable)


def reserve(draft: str) -> None:
    """Take the room for a document now, so that a disk that fills up later cannot keep it from being written."""
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(fd, b" " * _ROOM)
    finally:
        os.close(fd)


def commit(draft: str, path: str, content: dict[str, object], *, durable: bool) -> None:
    """Write the document into the room that `reserve` took, and put it in place."""
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(fd, json.dumps(content).encode().ljust(_ROOM))
        if durable:
            os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(draft, path)  # noqa: PTH105 (the supervisor starts without pathlib)


def read_json(path: str) -> dict[str, object] | None:
    """Read a document; None where there is none (or not one of ours).

    Raises:
        OSError: this machine cannot read now (too many open files, say); taken for absence, that would end a session.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (as above)
            content = json.loads(file.read())
    except ValueError:
        return None
    except OSError as error:
        if error.errno in _NOT_NOW:
            raise
        return None
    return content if isinstance(content, dict) else None


def try_lock(path: str) -> int | None:
    """Take the lock that a file stands for, without waiting; return its descriptor, or None where another has it.

    A lock on a file that was meanwhile removed or replaced guards nothing, so that counts as not taken.

    Raises:
        FileNotFoundError: the folder of the lock is not there.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine, there = os.fstat(fd), os.stat(path, follow_symlinks=False)  # noqa: PTH116 (as above)
    except OSError:
        os.close(fd)
        return None
    if (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino):
        os.close(fd)
        return None
    return fd
