"""Texts from outside, made safe for a terminal: an agent's output is untrusted, and a terminal obeys what it reads.

Control and invisible formatting characters (escape sequences, direction overrides) are shown as a replacement character.
Spaces of all widths and the joiners that emoji and some scripts are written with stay.
"""

from __future__ import annotations

import unicodedata

_REPLACED = ("Cc", "Cf", "Cs", "Zl", "Zp")
_KEPT = "\n\t\u200c\u200d"


def harmless(text: str) -> str:
    """Return a text without characters that command a terminal, but for line ends and tabs."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character == "\r":
        return ""
    if character not in _KEPT and unicodedata.category(character) in _REPLACED:
        return "�"
    return character
