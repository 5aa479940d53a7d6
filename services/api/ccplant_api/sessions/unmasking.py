"""A masked value that comes back means "as it was": whoever edits what was shown does not lose its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccplant_contracts.session import MASK


def unmasked(wanted: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return `wanted` with each ``"***"`` replaced by what `known` holds at the same place, where it holds anything."""
    return {key: _value(value, known.get(key)) for key, value in wanted.items()}


def _value(wanted: Any, known: Any) -> Any:
    if isinstance(wanted, Mapping) and isinstance(known, Mapping):
        return unmasked(wanted, known)
    if wanted == MASK and isinstance(known, Mapping) and "value" in known:
        return dict(known)  # an environment variable in its short form
    return known if wanted == MASK and known is not None else wanted
