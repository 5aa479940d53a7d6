"""A file that a living service touches, for platforms that can ask a process nothing else.

A service that only consumes has no port to probe, and a process whose event loop hangs runs on for ever as far as the
platform can see. ``CCPLANT_ALIVE_FILE`` names the file; ``python -m ccplant_platform.alive`` succeeds while it is young.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import structlog

from ccplant_platform.settings import ProcessSettings

_log = structlog.get_logger(__name__)

EVERY_SECONDS = 3.0
OLD_AFTER_SECONDS = 30.0
"""Far above what a busy machine delays a loop by: who fails this is killed."""


async def show_alive(path: Path, *, every: float = EVERY_SECONDS) -> None:
    """Touch the file for as long as the event loop gets to it."""
    told = False
    while True:
        failure = _touch(path)
        if failure is not None and not told:
            # a full disk is no reason to end; the platform sees that the file is old
            _log.warning("alive_file_not_written", path=str(path), error=failure)
        told = failure is not None
        await asyncio.sleep(every)


def _touch(path: Path) -> str | None:
    try:
        path.touch(mode=0o600)
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def is_alive(path: Path, *, old_after: float = OLD_AFTER_SECONDS) -> bool:
    """Tell whether the file was touched lately."""
    try:
        return time.time() - path.stat().st_mtime < old_after
    except OSError:
        return False


def main() -> int:
    """Answer by the exit code."""
    path = ProcessSettings().alive_file
    if path is None:
        sys.stderr.write("CCPLANT_ALIVE_FILE is not set\n")
        return 2
    return 0 if is_alive(path) else 1


if __name__ == "__main__":
    sys.exit(main())
