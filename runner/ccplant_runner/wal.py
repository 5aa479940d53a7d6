"""The write-ahead log: every durable event is a line on disk before anybody hears of it.

MongoDB may be away for hours and NATS may forget what it acknowledged; the log is then the only copy. Lines carry
consecutive numbers, so a line's place tells its number and nothing has to be parsed to find one. Written lines are in the
kernel's hands at once (no buffer of ours): killing the runner loses none. The last line may be torn; it counts as
never said.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SEGMENT_BYTES = 8 << 20
_SMALLEST_SEGMENT = 64 << 10


def segment_bytes_for(limit_bytes: int) -> int:
    """Return how big segments may be: only whole ones are dropped, so a log needs several within its limit."""
    return max(_SMALLEST_SEGMENT, min(SEGMENT_BYTES, limit_bytes // 8))


@dataclass
class _Segment:
    path: Path
    first: int
    count: int
    size: int

    @property
    def last(self) -> int:
        return self.first + self.count - 1


class WriteAheadLog:
    """Appends lines, reads them back from any number, drops what is stored elsewhere."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._segments = recover(folder)
        self._fd: int | None = None
        self._cursor = (0, 0)
        """Number and byte offset where the last read ended: the next one usually goes on from there."""

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(segment.size for segment in self._segments)

    @property
    def last(self) -> int:
        """The last number, 0 where there is none."""
        return self._segments[-1].last if self._segments else 0

    def append(self, seq: int, line: bytes) -> None:
        """Write one event; `line` is its JSON without a line feed.

        Raises:
            ValueError: the number is not the next one.
            OSError: the disk refused it.
        """
        current = self._segments[-1] if self._segments else None
        if current is not None and seq != current.last + 1:
            raise ValueError(f"{seq} does not follow {current.last}")
        if current is None or current.size >= self._segment_bytes or self._fd is None:
            current = self._begin(seq)
        data = line + b"\n"
        written = 0
        while written < len(data):
            written += os.write(self._descriptor(), data[written:])
        current.count += 1
        current.size += len(data)

    def read(self, after: int, max_bytes: int) -> list[bytes]:
        """Return the lines after a number, as many as fit, at least one where there is one."""
        lines: list[bytes] = []
        used = 0
        for line in self._lines(after):
            if lines and used + len(line) > max_bytes:
                break
            lines.append(line)
            used += len(line) + 1
        return lines

    def drop(self, stored_to: int) -> None:
        """Remove the segments that MongoDB holds whole; the one being written stays."""
        while len(self._segments) > 1 and self._segments[0].last <= stored_to:
            self._segments.pop(0).path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _begin(self, seq: int) -> _Segment:
        self.close()
        path = self._folder / f"{seq:012d}.jsonl"
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        segment = _Segment(path, seq, 0, 0)
        self._segments.append(segment)
        return segment

    def _descriptor(self) -> int:
        if self._fd is None:
            raise ValueError("the log is closed")
        return self._fd

    def _lines(self, after: int) -> Iterator[bytes]:
        cursor_seq, cursor_offset = self._cursor
        for segment in list(self._segments):
            if segment.last <= after or segment.count == 0:
                continue
            at, offset = segment.first, 0
            if cursor_seq == after and segment.first <= after:
                at, offset = after + 1, cursor_offset
            with segment.path.open("rb") as file:
                file.seek(offset)
                while at <= segment.last:
                    line = file.readline()
                    offset += len(line)
                    if at > after:
                        yield line[:-1]
                        # reached only when the reader took the line
                        self._cursor = (at, offset)
                    at += 1


def recover(folder: Path) -> list[_Segment]:
    """Read what an ended runner left: whole lines up to the first gap; a torn last line is cut off."""
    segments: list[_Segment] = []
    for path in sorted(folder.glob("*.jsonl")):
        first = int(path.stem)
        if segments and first != segments[-1].last + 1:
            break
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(path, whole)
        count = data.count(b"\n", 0, whole)
        if count:
            segments.append(_Segment(path, first, count, whole))
    return segments
