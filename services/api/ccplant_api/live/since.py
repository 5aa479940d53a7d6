"""Where a viewer wants to go on: `since` in the query, or `Last-Event-ID` in a header."""

from __future__ import annotations

from ccplant_api.errors.validation import invalid_field
from ccplant_contracts.errors import InvalidRequestError

_MAX_SEQ = 2**53


def parse_since(text: str | None, field: str = "since") -> int | None:
    """Return the number; None where nothing was said: from now.

    Raises:
        InvalidRequestError: it is not a number from 0.
    """
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= _MAX_SEQ):
        raise _refusal(field)
    return int(text)


def _refusal(field: str) -> InvalidRequestError:
    return invalid_field(field, "must be a whole number from 0: the last seq that you have")
