"""Lines from the keyboard or a pipe, read by a thread of their own: reading would otherwise stop everything else.

At most one line is read ahead, so that a huge pipe is not read into memory. The thread is a daemon: nothing can end a read
that waits for a keyboard, and leaving must not wait for one more Enter.
"""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from concurrent.futures import CancelledError
from typing import TextIO


class Lines:
    """Lines of a text stream; None at its end. A backslash before the line's end continues it on the next line."""

    def __init__(self, source: TextIO | None = None) -> None:
        self._source = sys.stdin if source is None else source
        if isinstance(self._source, io.TextIOWrapper):
            self._source.reconfigure(errors="replace")
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(maxsize=1)
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, name="keyboard", daemon=True).start()

    async def get(self) -> str | None:
        """Return the next line without its end."""
        return await self._queue.get()

    def _read(self) -> None:
        try:
            begun = ""
            for line in self._source:
                text = begun + line.rstrip("\r\n")
                if text.endswith("\\"):
                    begun = text[:-1] + "\n"
                    continue
                begun = ""
                self._put(text)
            if begun:
                self._put(begun.rstrip("\n"))
            self._put(None)
        except (RuntimeError, CancelledError, ValueError, OSError):
            # The loop or the stream was closed: nobody waits for a line any more.
            return

    def _put(self, line: str | None) -> None:
        asyncio.run_coroutine_threadsafe(self._queue.put(line), self._loop).result()
