"""The record of a webhook.

The secret is sealed: a copy of the database signs nothing. What people change has a version; the counters beside it do
not, so that a busy webhook can still be edited.
"""

from __future__ import annotations

from datetime import datetime

from ccplant_contracts.base import UtcTime
from ccplant_contracts.webhook import CreateWebhook
from ccplant_store.documents import Document, Raw, json_text
from ccplant_store.sessions.model import JsonDict


class WebhookDoc(Document):
    """A webhook."""

    owner: str
    name: str
    enabled: bool = True
    deleted: bool = False
    deleted_at: UtcTime | None = None
    definition: JsonDict
    """`CreateWebhook` as JSON, the session's configuration unmasked; empty once it is deleted."""
    sealed_secret: str
    old_sealed_secret: str | None = None
    old_secret_until: UtcTime | None = None
    created_at: UtcTime
    updated_at: UtcTime
    version: int = 1
    secret_rotated_at: UtcTime | None = None
    deliveries: int = 0
    """How many were received, repeats included."""
    last_delivery_at: UtcTime | None = None
    last_delivery_id: str | None = None

    def encode(self) -> Raw:
        raw = super().encode()
        raw["definition"] = json_text(self.definition)
        return raw

    @property
    def answers(self) -> bool:
        """Whether it takes deliveries."""
        return self.enabled and not self.deleted

    def parsed(self) -> CreateWebhook:
        """Return the definition as its model.

        Raises:
            pydantic.ValidationError: it was deleted, or was written by a version that took other values.
        """
        return CreateWebhook.model_validate(self.definition)

    def sealed_secrets(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets that are good now: the current one first, then the one before it within its grace."""
        old, until = self.old_sealed_secret, self.old_secret_until
        if old is not None and until is not None and now < until:
            return (self.sealed_secret, old)
        return (self.sealed_secret,)


def secret_purpose(webhook_id: str) -> str:
    """Return what a webhook's secret is sealed for: it opens for this webhook alone."""
    return f"webhook-secret:{webhook_id}"
