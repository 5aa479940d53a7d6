"""Sentences in pairs: one language's is found by its words, and the values in it are carried over into the other's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

_VALUE = re.compile(r"{(\w+)}")


class Pairs:
    """Pairs of sentences, with ``{name}`` in the place of each value; the first that fits is meant."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def second(self, first: str) -> str | None:
        """Return a sentence's pair with the same values; None where there is none."""
        for pattern, second in self._patterns:
            found = pattern.fullmatch(first)
            if found is not None:
                return second.format_map(found.groupdict())
        return None

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """The pairs, ready to be looked through: made when the first is asked for, not when the program starts."""
        return tuple((_pattern(first), second) for first, second in self._pairs)


def _pattern(first: str) -> re.Pattern[str]:
    pieces = _VALUE.split(first)
    # every second piece is a name
    return re.compile(
        "".join(f"(?P<{piece}>.*?)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)),
        re.DOTALL,
    )
