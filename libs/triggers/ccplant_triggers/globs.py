"""Globs, matched in linear time: ``*`` within one part of a path, ``**`` across parts, ``?`` one character.

Regular expressions made from globs backtrack: twenty stars against one long branch name take minutes. Here all
patterns are one automaton whose states are bits of a number; each character of the text is looked at once.
``**/`` also stands for no part at all, so that ``**/a.py`` and ``docs/**/a.md`` match ``a.py`` and
``docs/a.md``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONG = re.compile(r"\*{3,}")
_REPEATED = re.compile(r"(^|/)(?:\*\*/)+")


class Globs:
    """Some patterns (without ``!``); a text matches where one of them does, as a whole."""

    __slots__ = (
        "_accepting",
        "_across",
        "_deep",
        "_letters",
        "_one",
        "_optional",
        "_plain",
        "_star",
        "_start",
    )

    def __init__(self, patterns: Sequence[str]) -> None:
        self._plain = frozenset(pattern for pattern in patterns if "*" not in pattern and "?" not in pattern)
        self._letters: dict[str, int] = {}
        self._one = self._star = self._across = self._deep = self._optional = 0
        self._start = self._accepting = 0
        position = 0
        for pattern in patterns:
            if pattern not in self._plain:
                self._start |= 1 << position
                position = self._add(pattern, position)
                self._accepting |= 1 << position
                position += 1

    def _add(self, pattern: str, position: int) -> int:
        # so that few states follow each other without a character between
        pattern = _REPEATED.sub(r"\1**/", _LONG.sub("**", pattern))
        index = 0
        before = ""
        while index < len(pattern):
            character = pattern[index]
            if character == "*":
                end = index
                while end < len(pattern) and pattern[end] == "*":
                    end += 1
                if end - index == 1:
                    self._star |= 1 << position
                elif (not before or before == "/") and pattern[end : end + 1] == "/":
                    # «nothing, or anything that ends with a slash»: entered here, left on the slash
                    self._optional |= 1 << position
                    position += 1
                    self._deep |= 1 << position
                    end += 1
                else:
                    self._across |= 1 << position
                index = end
            else:
                if character == "?":
                    self._one |= 1 << position
                else:
                    self._letters[character] = self._letters.get(character, 0) | 1 << position
                index += 1
            before = pattern[index - 1]
            position += 1
        return position

    def match(self, text: str) -> bool:
        """Return whether one of the patterns matches all of the text."""
        if text in self._plain:
            return True
        states = self._open(self._start)
        for character in text:
            if not states:
                return False
            if character == "/":
                taken, stay = self._deep, self._across | self._deep
            else:
                taken, stay = self._one, self._across | self._deep | self._star
            taken |= self._letters.get(character, 0)
            states = self._open(((states & taken) << 1) | (states & stay))
        return bool(states & self._accepting)

    def _open(self, states: int) -> int:
        """Add the states that are reached without a character."""
        while True:
            more = (
                states | ((states & (self._star | self._across | self._optional)) << 1)
                | ((states & self._optional) << 2)
            )  # fmt: skip
            if more == states:
                return states
            states = more
