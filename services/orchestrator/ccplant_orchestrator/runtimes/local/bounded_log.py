"""A log file that takes whatever comes and never grows beyond its bound.

Two files: when the current one is full it replaces the earlier one. Writing never fails for the writer: a full disk
costs log lines, not the session. The supervisor imports this: nothing here may import more than `os`.
"""

from __future__ import annotations

import os

TAIL_BYTES = 32_768
_LINE_BYTES = 4_096
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class BoundedLog:
    """Appends to `path`; both files together stay within `limit` bytes."""

    def __init__(self, path: str, earlier: str, limit: int) -> None:
        self._path = path
        self._earlier = earlier
        self._half = max(limit // 2, 1)
        self._fd = -1
        self._size = 0
        self.lost = 0
        """Bytes that could not be written."""
        self._open()

    def write(self, data: bytes) -> None:
        """Append; what the disk refuses is counted and dropped."""
        while data:
            if self._size >= self._half:
                self._turn()
            piece, data = data[: self._half - self._size], data[self._half - self._size :]
            self._append(piece)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> None:
        try:
            self._fd = os.open(self._path, _FLAGS, 0o600)
            self._size = os.fstat(self._fd).st_size
        except OSError:
            self._fd, self._size = -1, 0

    def _turn(self) -> None:
        self.close()
        self._size = 0
        try:
            os.replace(self._path, self._earlier)  # noqa: PTH105 (the supervisor starts without pathlib)
        except OSError:
            return  # without a file what comes is counted as lost: better than to grow without end
        self._open()

    def _append(self, piece: bytes) -> None:
        self._size += len(piece)
        try:
            written = os.write(self._fd, piece) if self._fd >= 0 else 0
        except OSError:
            written = 0
        self.lost += len(piece) - written


def tail(path: str, earlier: str, lines: int, limit: int = TAIL_BYTES) -> tuple[str, ...]:
    """Return the last lines of both files, at most `limit` bytes, over-long lines cut."""
    content = last_bytes(path, limit)
    if len(content) < limit:
        content = last_bytes(earlier, limit - len(content)) + content
    text = content.decode(errors="replace").replace("\0", "")
    found = [line[:_LINE_BYTES] for line in text.splitlines()]
    return tuple(found[-lines:]) if lines > 0 else ()


def last_bytes(path: str, count: int) -> bytes:
    """Return the end of a file, empty where there is none; never follows a link, never waits for a pipe."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        size = os.fstat(fd).st_size
        return os.pread(fd, count, max(size - count, 0))
    finally:
        os.close(fd)
