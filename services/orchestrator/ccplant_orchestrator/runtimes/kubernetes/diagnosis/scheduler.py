"""Reads what the scheduler says: ``0/5 nodes are available: 1 node(s) had untolerated taint(s), 4 Insufficient cpu.``

Each node is counted under what refused it first, in the scheduler's fixed order of checks. So the nodes that came
furthest are nearest to being usable, and what they lack is what is worth saying: room on a node that would be allowed
is said before the taint of one that never was meant for sessions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEAD = re.compile(r"^0/(\d{1,9}) nodes are available:\s*", re.ASCII)
_PREEMPTION = re.compile(r"(?:\.\s+|\s)(?:no new claims to deallocate,\s*)?preemption:", re.IGNORECASE)
_ITEM = re.compile(r"^(\d{1,9}) (.+)$", re.ASCII)
_NEXT = re.compile(r",\s+(?=\d+ )", re.ASCII)
_ORDER = (
    ("cordoned", re.compile(r"were unschedulable|\{node\.kubernetes\.io/unschedulable:")),
    ("taints", re.compile(r"taint")),
    ("selector", re.compile(r"node affinity/selector|requested node name|node selector")),
    ("resources", re.compile(r"^Insufficient |^Too many pods")),
    ("volume_in_use", re.compile(r"ReadWriteOncePod|no available disk")),
    ("volume_missing", re.compile(r"bound to non-existent pv")),
    ("volume_not_available", re.compile(r"available persistent volumes to bind|enough free storage")),
    (
        "volume_zone",
        re.compile(r"volume node affinity conflict|PersistentVolume's node affinity|available volume zone"),
    ),
)
"""What a reason is about, in the order in which the scheduler checks; the same as of its default profile."""


@dataclass(frozen=True)
class Refusal:
    """A reason, and how many nodes have it."""

    kind: str
    """One of the order above, else ``other``."""
    reason: str
    nodes: int


@dataclass(frozen=True)
class Verdict:
    """Why no node takes the Pod."""

    total: int
    refusals: tuple[Refusal, ...]
    before: str
    """What was refused for all nodes at once: ``pod has unbound immediate PersistentVolumeClaims``."""

    @property
    def foremost(self) -> Refusal | None:
        """Return what the nodes lack that came furthest; of those that came as far, what most of them lack."""
        return max(self.refusals, key=lambda one: (_place(one.kind), one.nodes), default=None)

    def of_kind(self, kind: str) -> tuple[Refusal, ...]:
        return tuple(one for one in self.refusals if one.kind == kind)


def read_verdict(message: str) -> Verdict | None:
    """Read the message; None where it is another one."""
    head = _HEAD.match(message)
    if head is None:
        return None
    rest = _PREEMPTION.split(message[head.end() :], maxsplit=1)[0].strip().rstrip(".")
    refusals: list[Refusal] = []
    before: list[str] = []
    for part in _NEXT.split(rest):
        item = _ITEM.match(part.strip())
        if item is None:
            before.append(part.strip())
        else:
            reason = item[2].strip().rstrip(".")
            refusals.append(Refusal(_kind(reason), reason, int(item[1])))
    return Verdict(int(head[1]), tuple(refusals), " ".join(before))


def _kind(reason: str) -> str:
    return next((kind for kind, pattern in _ORDER if pattern.search(reason)), "other")


def _place(kind: str) -> int:
    return next((place for place, (one, _) in enumerate(_ORDER) if one == kind), len(_ORDER))
