"""Files of a task's first message, once more for the session that does the task again (S13).

They belong to their session and are erased with it, so the next one gets copies. Copies for a session that is not created
after all lie unused, and go by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from ccplant_api.attachments.receiving import receive_attachment
from ccplant_api.gateway import Gateway
from ccplant_contracts.attachment import AttachedFile
from ccplant_contracts.errors import ConflictError
from ccplant_store.attachments import before_a_session
from ccplant_store.errors import AttachmentMissingError


async def copied(
    gateway: Gateway, owner: str, session_id: str, files: Sequence[AttachedFile]
) -> tuple[str, ...]:
    """Copy files of a session for one that is still to be created; return the copies' ids.

    Raises:
        ConflictError: one is gone.
        QuotaExceededError: too many files of this owner wait for a session.
    """
    store = gateway.store.attachments
    copies: list[str] = []
    for file in files:
        kept = await store.open(session_id, file.attachment_id)
        if kept is None:
            raise _gone(file)
        try:
            copy = await receive_attachment(
                gateway,
                owner=owner,
                session_id=before_a_session(owner),
                name=file.name,
                media_type=file.media_type,
                announced=file.size_bytes,
                body=store.read(kept),
            )
        except AttachmentMissingError:
            raise _gone(file) from None
        copies.append(copy.attachment_id)
    return tuple(copies)


def _gone(file: AttachedFile) -> ConflictError:
    return ConflictError(
        f"The file {file.name} of its first message is gone.", details={"state": "attachment_gone"}
    )
