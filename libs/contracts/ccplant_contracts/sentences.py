"""A sentence in two languages, and what belongs to it; the catalogue of them is `ccplant_contracts.messages`."""

from __future__ import annotations

from ccplant_contracts.base import Message


class Text(Message):
    """One sentence in both languages."""

    ja: str
    en: str


class Entry(Message):
    """A catalogue entry: what it is, and what to do about it."""

    message: Text
    hint: Text


def entry(ja: str, en: str, hint_ja: str, hint_en: str) -> Entry:
    """Return an entry of the catalogue."""
    return Entry(message=Text(ja=ja, en=en), hint=Text(ja=hint_ja, en=hint_en))
