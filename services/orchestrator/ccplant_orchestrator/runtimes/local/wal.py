"""Reads what a runner logged and MongoDB may not have: the end of its write-ahead log, from the disk.

The runner may have died in the middle of a line, so a torn end is normal and ends the reading. A gap ends it too: what
lies behind one could never be shown, because the history is shown without gaps.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import structlog
from pydantic import ValidationError

from ccplant_contracts.stream import STREAM_EVENT, StreamEvent

_log = structlog.get_logger(__name__)

_BATCH = 200


async def read(folder: Path, after_seq: int) -> AsyncIterator[StreamEvent]:
    """Yield the events after `after_seq`, in order, each once; files are read off the event loop."""
    batches = _batches(folder, after_seq)
    while batch := await asyncio.to_thread(next, batches, None):
        for event in batch:
            yield event


def _batches(folder: Path, after_seq: int) -> Iterator[list[StreamEvent]]:
    batch: list[StreamEvent] = []
    for event in events(folder, after_seq):
        batch.append(event)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def events(folder: Path, after_seq: int) -> Iterator[StreamEvent]:
    """Yield the events after `after_seq`, reading as they are asked for."""
    last = after_seq
    for segment in _segments(folder, after_seq):
        for event in _complete_lines(segment):
            if event.seq <= last:
                continue
            if event.seq != last + 1:
                _log.warning("log_has_a_gap", file=str(segment), after_seq=last, found_seq=event.seq)
                return
            last = event.seq
            yield event


def _segments(folder: Path, after_seq: int) -> list[Path]:
    """Return the files that may hold something new, oldest first; their names are the first number in each."""
    found = sorted(path for path in folder.glob("*.jsonl") if path.stem.isdigit())
    needed = [path for path in found if int(path.stem) <= after_seq + 1]
    return needed[-1:] + [path for path in found if int(path.stem) > after_seq + 1]


def _complete_lines(path: Path) -> Iterator[StreamEvent]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        _log.warning("log_unreadable", file=str(path), error=str(error))
        return
    with os.fdopen(fd, "rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            try:
                event = STREAM_EVENT.validate_json(line)
            except ValidationError as error:
                _log.warning("log_line_unreadable", file=str(path), error=str(error)[:300])
                return
            yield event
