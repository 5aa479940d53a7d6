"""What becomes of a wish to end a session when there is one already; pure.

The first wish wins, because it gives the reason of the end. Only a deletion goes beyond a stop, and `force` beyond
patience: neither may be lost because somebody asked politely first.
"""

from __future__ import annotations

from ccplant_contracts.session import StopRequested
from ccplant_contracts.status import StopReason
from ccplant_store.sessions.model import StopDoc


def merge_stop(current: StopDoc | None, wanted: StopRequested) -> StopDoc | None:
    """Return the wish that stands from now on, None where `current` stays as it is."""
    if current is None:
        return StopDoc(
            reason=wanted.reason, by=wanted.by, force=wanted.force, delete_pvc=wanted.delete_pvc, at=wanted.at
        )
    merged = current
    if wanted.reason is StopReason.DELETED and current.reason is not StopReason.DELETED:
        merged = merged.model_copy(
            update={"reason": wanted.reason, "by": wanted.by, "delete_pvc": wanted.delete_pvc}
        )
    if wanted.force and not current.force:
        merged = merged.model_copy(update={"force": True})
    return None if merged == current else merged
