"""What a message says when it names files: each must be there, and stays then (S2b)."""

from __future__ import annotations

from collections.abc import Sequence

from ccplant_api.errors.validation import invalid_field
from ccplant_contracts.errors import InvalidRequestError
from ccplant_store.errors import AttachmentMissingError


def not_there(missing: AttachmentMissingError, named: Sequence[str], where: str) -> InvalidRequestError:
    """Return the refusal of a message that names a file that is not there."""
    index = list(named).index(missing.attachment_id)
    return invalid_field(
        f"attachments[{index}]", f"is not {where} (a file that no message has is removed after a day)"
    )
