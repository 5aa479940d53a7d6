"""How much room nodes have, and how much of it a Pod lacks.

Only what was given is counted: other Pods of which nobody told leave less room than is seen here, so what is missing
is said as "at least".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from ccplant_orchestrator.runtimes.kubernetes.diagnosis import raw

_ZERO = Decimal(0)
_FINAL = ("Succeeded", "Failed")
_UNITS = (("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))
_IN_BYTES = ("memory", "ephemeral-storage")


@dataclass(frozen=True)
class Room:
    """Of one resource, on one node."""

    has: Decimal
    free: Decimal | None
    """What is left of it, at most; None: what runs there is not known."""


@dataclass(frozen=True)
class Shortage:
    """Of one resource, on the nodes that the Pod may use."""

    resource: str
    requested: Decimal
    largest: Decimal | None
    """What the largest of the nodes has in all; None: no such node is known."""
    most_free: Decimal | None
    """What the node with most room has left, at most; None: what runs there is not known."""
    rooms: tuple[Room, ...] = ()
    """Of each of the nodes, that with most room first."""


def requested(pod: raw.Json, resource: str) -> Decimal:
    """Return what a Pod requests, as the scheduler counts it."""

    def of(container: raw.Json) -> Decimal:
        found = raw.quantity(container, "resources", "requests", resource)
        return _ZERO if found is None else found

    sidecars = _ZERO
    first = _ZERO
    for container in raw.objects(pod, "spec", "initContainers"):
        if container.get("restartPolicy") == "Always":
            sidecars += of(container)
            first = max(first, sidecars)
        else:
            first = max(first, sidecars + of(container))
    running = sidecars + sum((of(one) for one in raw.objects(pod, "spec", "containers")), _ZERO)
    return max(running, first) + (raw.quantity(pod, "spec", "overhead", resource) or _ZERO)


def shortage(pod: raw.Json, resource: str, nodes: Iterable[raw.Json], others: Sequence[raw.Json]) -> Shortage:
    """Compare what the Pod requests with what nodes have."""
    rooms = []
    for node in nodes:
        has = raw.quantity(node, "status", "allocatable", resource)
        if has is None:
            continue
        free = has - _used(raw.text(node, "metadata", "name"), resource, others) if others else None
        rooms.append(Room(has, free))
    rooms.sort(key=lambda room: room.has if room.free is None else room.free, reverse=True)
    return Shortage(
        resource,
        requested(pod, resource),
        largest=max((room.has for room in rooms), default=None),
        most_free=max((room.free for room in rooms if room.free is not None), default=None),
        rooms=tuple(rooms),
    )


def _used(node: str, resource: str, others: Sequence[raw.Json]) -> Decimal:
    there = (
        one
        for one in others
        if raw.text(one, "spec", "nodeName") == node and raw.text(one, "status", "phase") not in _FINAL
    )
    return sum((requested(one, resource) for one in there), _ZERO)


def amount(value: Decimal, resource: str, *, up: bool = True) -> str:
    """Write a quantity for people; what is missing is rounded up, what is there down."""
    rounding = ROUND_CEILING if up else ROUND_FLOOR
    if resource in _IN_BYTES:
        for unit, size in _UNITS:
            if abs(value) >= size:
                return f"{_plain((value / size).quantize(Decimal('0.01'), rounding))}{unit}"
    return _plain(value.quantize(Decimal("0.001"), rounding))


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
