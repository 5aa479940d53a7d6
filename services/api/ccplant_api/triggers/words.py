"""Sentences of the catalogue by code, where it may be one that this version does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ccplant_contracts.messages import CATALOGUE, explain
from ccplant_triggers.verdict import sentence

Words = dict[Literal["ja", "en"], str]


def words_of(code: str, facts: Mapping[str, object] | None = None) -> Words | None:
    """Return the sentence of a code, filled with facts; None: the catalogue has none, as of a newer version's."""
    if code not in CATALOGUE:
        return None
    known = {str(name): value for name, value in (facts or {}).items() if name != "code"}
    message = explain(code, **known).message
    return {"ja": message.ja, "en": message.en}


def words_of_reason(outcome: str, reason: str | None, facts: Mapping[str, object]) -> Words | None:
    """Return why something came to nothing or waits, from what its record keeps."""
    found = sentence(outcome, reason, {str(name): str(value) for name, value in facts.items()})
    return None if found is None else {"ja": found.ja, "en": found.en}
