"""Reads raw objects of the API server without trusting their form.

What judges a failure must not fail: a field that is missing, or of another type than it should be, is simply not known.
Every text that goes on from here is bounded and masked, because the cluster's messages quote URLs with credentials.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from ccplant_contracts.quantities import parse_quantity
from ccplant_orchestrator.runtimes.plain import shown

Json = Mapping[str, object]

MAX_NAME = 253
_INT32 = 2**31
_NOTHING: Json = {}


def at(obj: object, *path: str) -> object:
    """Follow a path of keys; None where it ends."""
    for key in path:
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(key)
    return obj


def mapping(obj: object, *path: str) -> Json:
    """Return the object at a path; empty where there is none."""
    found = at(obj, *path)
    return found if isinstance(found, Mapping) else _NOTHING


def given(value: object) -> Json:
    """Return what was given where it is an object; else an empty one."""
    return value if isinstance(value, Mapping) else _NOTHING


def given_objects(values: object) -> tuple[Json, ...]:
    """Return those of a list that are objects."""
    return tuple(objects({"of": values}, "of"))


def objects(obj: object, *path: str) -> Iterator[Json]:
    """Yield the objects of the list at a path."""
    found = at(obj, *path)
    if isinstance(found, list | tuple):
        yield from (one for one in found if isinstance(one, Mapping))


def text(obj: object, *path: str) -> str:
    """Return the text at a path, as it is; empty where there is none."""
    found = at(obj, *path)
    return found if isinstance(found, str) else ""


def name(obj: object, *path: str) -> str:
    """Return a name for people to read."""
    return shown(text(obj, *path), MAX_NAME)


def number(obj: object, *path: str) -> int | None:
    """Return the whole number at a path; none of the API server's is larger than 32 bits hold."""
    found = at(obj, *path)
    if not isinstance(found, int) or isinstance(found, bool) or not -_INT32 <= found < _INT32:
        return None
    return found


def moment(obj: object, *path: str) -> datetime | None:
    """Return the time at a path."""
    found = text(obj, *path)
    try:
        value = datetime.fromisoformat(found.replace("Z", "+00:00"))
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def quantity(obj: object, *path: str) -> Decimal | None:
    """Return the quantity at a path in its base unit."""
    found = at(obj, *path)
    try:
        return parse_quantity(str(found)) if isinstance(found, str | int) else None
    except ValueError:
        return None


def condition(obj: object, kind: str) -> Json:
    """Return an object's condition of a kind; empty where it has none."""
    return next((one for one in objects(obj, "status", "conditions") if one.get("type") == kind), _NOTHING)


def seconds_since(then: datetime | None, now: datetime) -> int | None:
    """Return whole seconds, never negative: the two clocks need not agree."""
    return None if then is None else max(0, int((now - then).total_seconds()))
