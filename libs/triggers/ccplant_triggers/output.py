"""Where a rendering writes: cut at 64 kB of UTF-8, marks included, and told to stop there.

What a template makes is never longer than this plus one value: the writer refuses the next part instead of
keeping it and cutting at the end. A mark that was opened is closed, also where the cut falls within it.
"""

from __future__ import annotations

from ccplant_triggers.untrusted import Marks, is_identifier
from ccplant_triggers.values import Own, clean

MAX_BYTES = 65_536
CUT = "\n… (cut at 64 kB)"
STOPPED = "\n… (stopped here: too much work)"


class OutputFull(Exception):  # noqa: N818
    """There is no room for more: not an error, the rendering ends here."""


class Output:
    """Text that is written part by part; without `marks` nothing is marked."""

    def __init__(self, marks: Marks | None = None, max_bytes: int = MAX_BYTES) -> None:
        self._marks = marks
        self._parts: list[str] = []
        self._left = max_bytes - len(STOPPED.encode()) - (len(marks.preamble.encode()) if marks else 0)
        self._marked = False
        self._end = ""

    def write(self, text: str) -> None:
        """Add a part; one that is not `Own` and no identifier is marked.

        Raises:
            OutputFull: it did not fit; what fits is there.
        """
        if not text:
            return
        if self._marks is None or isinstance(text, Own) or is_identifier(text):
            self._add(clean(text))
            return
        opening, closing = self._marks.opening, self._marks.closing
        around = len(opening) + len(closing)
        if self._left <= around:
            self._full()
        self._left -= around
        self._marked = True
        self._parts.append(opening)
        try:
            self._add(clean(self._marks.defused(text)))
        finally:
            self._parts.append(closing)

    def text(self) -> str:
        """Return what was written: with the line that explains the marks where there are any."""
        before = self._marks.preamble if self._marks is not None and self._marked else ""
        return before + "".join(self._parts).strip() + self._end

    def stop(self) -> bool:
        """Say at the end that there would have been more; return whether there is anything before it."""
        self._end = STOPPED
        return any(part.strip() for part in self._parts)

    def _add(self, text: str) -> None:
        encoded = text.encode()
        if len(encoded) <= self._left:
            self._parts.append(text)
            self._left -= len(encoded)
            return
        self._parts.append(encoded[: self._left].decode(errors="ignore"))
        self._left = 0
        self._full()

    def _full(self) -> None:
        self._end = CUT
        raise OutputFull
