"""A permission request's document."""

from __future__ import annotations

from ccplant_contracts.base import UtcTime
from ccplant_contracts.prompt import PermissionAnswer, PermissionOption, PermissionResource
from ccplant_contracts.status import PermissionDelivery, PermissionState
from ccplant_store.documents import Document, Raw, json_text
from ccplant_store.sessions.model import JsonDict


class PermissionDoc(Document):
    """A request, its answer, and whether the runner acted on it."""

    session_id: str
    owner: str
    prompt_id: str | None = None
    tool_call_id: str | None = None
    title: str
    tool: JsonDict
    options: tuple[PermissionOption, ...] = ()
    policy_rule: str | None = None
    state: PermissionState = PermissionState.PENDING
    answer: PermissionAnswer | None = None
    delivery: PermissionDelivery | None = None
    requested_at: UtcTime
    expires_at: UtcTime | None = None
    changed_at: UtcTime
    """Of the last version; what a gateway that missed a hint asks by."""
    version: int = 1

    def encode(self) -> Raw:
        raw = super().encode()
        raw["tool"] = json_text(self.tool)
        return raw

    def resource(self) -> PermissionResource:
        """Return it as clients see it."""
        return PermissionResource(
            permission_id=self.id,
            session_id=self.session_id,
            prompt_id=self.prompt_id,
            tool_call_id=self.tool_call_id,
            title=self.title,
            tool=self.tool,
            options=self.options,
            state=self.state,
            answer=self.answer,
            delivery=self.delivery,
            applied=self.delivery is PermissionDelivery.APPLIED,
            requested_at=self.requested_at,
            expires_at=self.expires_at,
            version=self.version,
        )
