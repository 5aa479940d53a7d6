"""What can go wrong with the database, as classes that a caller can tell apart.

Nothing of the driver leaves this package: a gateway that caught a driver's error by name would have to change
with the driver, and would sooner or later answer "internal error" where "try again in a moment" is true.
"""

from __future__ import annotations

from typing import Literal


class StoreError(Exception):
    """Something that the store could not do."""


class StoreUnavailableError(StoreError):
    """MongoDB cannot be reached, or did not answer in time; trying again later makes sense."""


class StoreMisconfiguredError(StoreError):
    """MongoDB answers, but cannot serve: a standalone server, a refused password."""


class DuplicateKeyError(StoreError):
    """A document with this key is there already."""

    def __init__(self, message: str, *, index: str | None = None) -> None:
        super().__init__(message)
        self.index = index
        """Name of the index that refused it, where the server tells."""


class TransactionContentionError(StoreError):
    """A transaction was tried as often as allowed, and others were faster each time."""


class AlreadyDoneError(StoreError):
    """The idempotency key was used before; `resource_id` is what it made."""

    def __init__(self, resource_id: str, body_hash: str, response: dict[str, object] | None) -> None:
        super().__init__(f"this was done before and made {resource_id}")
        self.resource_id = resource_id
        self.body_hash = body_hash
        self.response = response


class TombstonedError(StoreError):
    """The session was purged (or never was); writers of its output and blobs are refused."""


class VolumeRefusedError(StoreError):
    """A volume cannot be had or removed: not there, being removed, or a session has it."""

    def __init__(
        self, volume_id: str, why: Literal["absent", "deleting", "held"], holder: str | None = None
    ) -> None:
        super().__init__(f"the volume {volume_id} is {why}")
        self.volume_id = volume_id
        self.why = why
        self.holder = holder
        """The session that has it, where one does."""


class InvalidCursorError(StoreError):
    """A list's cursor is not one that this list gave."""


class AttachmentMissingError(StoreError):
    """There is no such file in this session, or not any more."""

    def __init__(self, attachment_id: str) -> None:
        super().__init__(f"there is no attachment {attachment_id}")
        self.attachment_id = attachment_id


class AttachmentsFullError(StoreError):
    """A session holds as many files, or as many bytes of them, as it may."""

    def __init__(self, *, files: int, size: int) -> None:
        super().__init__(f"a session holds {files} files and {size} bytes of them at most")
        self.files = files
        self.size = size


class BlobRejectedError(StoreError):
    """A piece of a blob contradicts what is known of it (size, digest, owner)."""
