"""Webhooks and their deliveries as clients send and see them (W1, W2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ccplant_contracts.base import Input, Message, UtcTime
from ccplant_contracts.dispatch import WaitingFor
from ccplant_contracts.session import Branch, LabelKey, LabelValue, Mode, Repository, SessionConfig
from ccplant_contracts.text import Name
from ccplant_contracts.trigger import (
    DeleteAfterHours,
    Flag,
    Patterns,
    SessionReference,
    Template,
    check_reuse,
)

EventName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A GitHub event, ``pull_request`` say."""
ActionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
DispatchesPerHour = Annotated[int, Field(strict=True, ge=1, le=10_000)]

DEFAULT_DISPATCHES_PER_HOUR = 60


class CreateWebhook(Input):
    """Body of ``POST /api/v1/webhooks``: what to react to, and what to start or tell then.

    An empty filter lets everything pass. Without a `message`, the agent is told what happened, in a built-in form for
    each kind of event. Without a `repository`, a new session clones the one that the event came from.
    """

    name: Name
    enabled: Flag = True
    events: Annotated[tuple[EventName, ...], Field(min_length=1, max_length=50)]
    actions: Annotated[tuple[ActionName, ...], Field(max_length=50)] = ()
    repositories: Patterns = ()
    branches: Patterns = ()
    pull_request_labels: Patterns = ()
    paths: Patterns = ()
    """Of the files that a push changed; other events pass."""
    senders: Patterns = ()
    ignore_bots: Flag = True
    """Whether what bots do starts nothing: else an agent's own comment would start the next one."""
    condition: Template | None = None
    message: Template | None = None
    repository: Repository | None = None
    branch: Branch | None = None
    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict, max_length=50)
    mode: Mode | None = None
    """None: `task`, and with `reuse_session` `interactive`."""
    config: SessionConfig = Field(default_factory=SessionConfig)
    reuse_session: Flag = False
    session_id: SessionReference | None = None
    reuse_key: Template | None = None
    max_dispatches_per_hour: DispatchesPerHour = DEFAULT_DISPATCHES_PER_HOUR
    """For each reuse key, pull request or issue: what comes beyond is ignored, with `rate` as the reason."""
    auto_delete_on_complete: Flag | None = None
    auto_delete_after_hours: DeleteAfterHours | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        check_reuse(reuse=self.reuse_session, session=self.session_id, key=self.reuse_key)
        if self.branch is not None and self.repository is None:
            raise ValueError("a branch needs a repository")
        return self


class PatchWebhook(Input):
    """Body of ``PATCH /api/v1/webhooks/{id}``: fields of `CreateWebhook`; what is given changes, null clears.

    The result is checked as a whole, as at creation. `config` is replaced part by part: ``"***"`` keeps a secret.
    """

    name: Name | None = None
    enabled: Flag | None = None
    events: Annotated[tuple[EventName, ...], Field(min_length=1, max_length=50)] | None = None
    actions: Annotated[tuple[ActionName, ...], Field(max_length=50)] | None = None
    repositories: Patterns | None = None
    branches: Patterns | None = None
    pull_request_labels: Patterns | None = None
    paths: Patterns | None = None
    senders: Patterns | None = None
    ignore_bots: Flag | None = None
    condition: Template | None = None
    message: Template | None = None
    repository: Repository | None = None
    branch: Branch | None = None
    labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=50)] | None = None
    mode: Mode | None = None
    config: dict[str, Any] | None = None
    reuse_session: Flag | None = None
    session_id: SessionReference | None = None
    reuse_key: Template | None = None
    max_dispatches_per_hour: DispatchesPerHour | None = None
    auto_delete_on_complete: Flag | None = None
    auto_delete_after_hours: DeleteAfterHours | None = None

    def changes(self) -> dict[str, Any]:
        """Return what was given, null included."""
        return self.model_dump(mode="json", exclude_unset=True)


class WebhookResource(Message):
    """A webhook, without its secret."""

    webhook_id: str
    owner: str
    delivery_url: str
    """Where GitHub has to send to."""
    name: str
    enabled: bool
    events: tuple[str, ...]
    actions: tuple[str, ...]
    repositories: tuple[str, ...]
    branches: tuple[str, ...]
    pull_request_labels: tuple[str, ...]
    paths: tuple[str, ...]
    senders: tuple[str, ...]
    ignore_bots: bool
    condition: str | None
    message: str | None
    repository: str | None
    branch: str | None
    labels: dict[str, str]
    mode: Mode
    """The mode in force."""
    config: SessionConfig
    """Masked."""
    reuse_session: bool
    session_id: str | None
    reuse_key: str | None
    max_dispatches_per_hour: int
    auto_delete_on_complete: bool | None
    auto_delete_after_hours: int | None
    created_at: UtcTime
    updated_at: UtcTime
    secret_rotated_at: UtcTime | None = None
    old_secret_until: UtcTime | None = None
    """Until then the secret before the rotation is good as well."""
    deliveries: int
    """How many were received, repeats included."""
    last_delivery_at: UtcTime | None = None
    last_outcome: str | None = None
    version: int


class CreatedWebhook(WebhookResource):
    """A new webhook; `secret` is shown this once."""

    secret: str


class RotateSecret(Input):
    """Body of ``POST …/rotate-secret``: for how long the old one is good as well."""

    grace_minutes: Annotated[int, Field(strict=True, ge=0, le=10_080)] = 60


class RotatedSecret(Message):
    """The new secret, shown this once."""

    webhook_id: str
    secret: str
    old_secret_until: UtcTime | None


class WebhookList(Message):
    """A page of webhooks, newest first."""

    webhooks: tuple[WebhookResource, ...]
    total: int
    total_capped: bool = False
    limit: int
    offset: int
    has_more: bool
    next_offset: int | None
    next_cursor: str | None = None


Outcome = Literal["processing", "dispatched", "waiting", "ignored", "failed", "duplicate", "cancelled"]
"""What became of a delivery. `processing` is over within seconds; `cancelled`: its owner took it from the queue."""

IgnoredReason = Literal[
    "event", "action", "repository", "branch", "label", "path", "sender", "bot", "condition", "rate", "ping",
]  # fmt: skip


class FilterVerdict(Message):
    """One filter and what it says; every one is asked, also after one said no."""

    filter: IgnoredReason
    passed: bool
    wanted: tuple[str, ...] = ()
    """What the definition asks for; empty: everything passes."""
    found: tuple[str, ...] = ()
    """What the payload has there; cut."""
    message: dict[Literal["ja", "en"], str]


class DeliverySummary(Message):
    """A delivery as lists show it."""

    delivery_id: str
    webhook_id: str
    github_delivery: str
    event: str
    action: str | None = None
    repository: str | None = None
    ref: str | None = None
    """Branch or tag, pull request or issue: `main`, `#12`."""
    sender: str | None = None
    received_at: UtcTime
    processed_at: UtcTime | None = None
    size_bytes: int
    outcome: Outcome
    reason: str | None = None
    """Of `ignored`: the filter; of `failed`: a code; of `waiting`: what it waits for."""
    reason_message: dict[Literal["ja", "en"], str] | None = None
    place: int | None = None
    """Of `waiting`: its place in the queue."""
    waiting_for: WaitingFor | None = None
    duplicate_of: str | None = None
    session_id: str | None = None
    prompt_id: str | None = None
    dispatch_id: str | None = None
    replays: int = 0
    """How often it was processed again."""


class DeliveryResource(DeliverySummary):
    """A delivery in full."""

    filters: tuple[FilterVerdict, ...] = ()
    message: str | None = None
    """What the agent was told."""
    headers: dict[str, str] = Field(default_factory=dict)
    payload: Any = None
    """As GitHub sent it; None where it is not kept any more or not asked for."""
    payload_truncated: bool = False


class DeliveryList(Message):
    """A page of deliveries, newest first."""

    deliveries: tuple[DeliverySummary, ...]
    total: int
    total_capped: bool = False
    limit: int
    offset: int
    has_more: bool
    next_offset: int | None
    next_cursor: str | None = None


class TestWebhook(Input):
    """Body of ``POST /api/v1/webhooks/test``: a definition, or the id of a saved one, and a payload or an example's name."""

    __test__ = False

    webhook_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    definition: CreateWebhook | None = None
    event: EventName
    payload: dict[str, Any] | None = None
    """None: the example of this event."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.webhook_id is None) == (self.definition is None):
            raise ValueError("give webhook_id or definition, and not both")
        return self


class TestedWebhook(Message):
    """What would happen, and why; nothing was started."""

    __test__ = False

    outcome: Literal["dispatched", "ignored", "failed"]
    reason: str | None = None
    sentence: dict[Literal["ja", "en"], str]
    filters: tuple[FilterVerdict, ...]
    message: str | None = None
    reuse_key: str | None = None
    target: str | None = None
    """What it would be meant for, for people: as `DispatchResource.target`."""
    session_id: str | None = None
    """The session that would get it now; None: a new one, or nothing would be said."""
    repository: str | None = None
    branch: str | None = None
    payload: Any = None
    """The example, where one was used."""


class WebhookExample(Message):
    """What GitHub sends for one event, made up."""

    event: str
    payload: dict[str, Any]


class WebhookExamples(Message):
    """A payload for each event that has an example: for a first test, and to see what templates can use."""

    examples: tuple[WebhookExample, ...]
