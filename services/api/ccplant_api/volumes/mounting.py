"""Which volume a new session gets (S13), and the sentence where it cannot have it.

The look here is for the words; who gets a volume is decided by the claim in the transaction that creates the session.
"""

from __future__ import annotations

from ccplant_api.errors.validation import invalid_field
from ccplant_api.gateway import Gateway
from ccplant_contracts.errors import ApiError, ConflictError
from ccplant_store.errors import VolumeRefusedError
from ccplant_store.volumes.model import VolumeDoc

PATIENCE_SECONDS = 5.0
"""How long a new session waits for a volume that a session which has ended is just letting go of."""


async def volume_of(gateway: Gateway, owner: str, session_id: str) -> VolumeDoc | None:
    """Return the volume that a session of this owner worked on, where it is still there.

    A volume is called after the session that had it first, so it is found also when that one's record was erased.
    """
    session = await gateway.store.sessions.get_owned(session_id, owner)
    volume_id = session_id if session is None else session.volume_id
    return None if volume_id is None else await gateway.store.volumes.get_owned(volume_id, owner)


async def wanted_volume(gateway: Gateway, owner: str, session_id: str) -> VolumeDoc:
    """Return the volume that `pvc_from` names.

    Raises:
        InvalidRequestError: this owner has no such volume.
    """
    volume = await volume_of(gateway, owner, session_id)
    if volume is None:
        raise invalid_field("config.pvc_from", "names no session of yours whose volume was kept")
    return volume


async def is_being_let_go(gateway: Gateway, refused: VolumeRefusedError) -> bool:
    """Tell whether the volume is held by a session that has ended and comes to rest: that takes a moment."""
    if refused.why != "held":
        return False
    if refused.holder is None:
        return True  # it was let go of since
    holder = await gateway.store.sessions.get(refused.holder)
    return holder is None or not holder.open


def volume_refused(refused: VolumeRefusedError) -> ApiError:
    """Return what a client is told that cannot have a volume."""
    if refused.why == "absent":
        return invalid_field("config.pvc_from", "names no session of yours whose volume was kept")
    details: dict[str, object] = {"state": refused.why, "volume_id": refused.volume_id}
    if refused.why == "deleting":
        return ConflictError("The volume is being deleted.", details=details)
    if refused.holder is not None:
        details["in_use_by"] = refused.holder
    return ConflictError("The volume is in use by another session.", details=details)
