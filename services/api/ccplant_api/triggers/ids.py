"""Ids in paths: what cannot be one is not there, like any other that nobody has."""

from __future__ import annotations

import re

from ccplant_contracts.errors import NotFoundError

_REST = r"-[0-9a-z]{1,40}"


def checked_id(text: str, prefix: str, thing: str) -> str:
    """Return an id where it can be one at all.

    Raises:
        NotFoundError: nothing is called so.
    """
    if re.fullmatch(re.escape(prefix) + _REST, text) is None:
        raise not_found(thing)
    return text


def not_found(thing: str) -> NotFoundError:
    """Return the one answer for what is not there and what is another's."""
    return NotFoundError(f"There is no such {thing}.")
