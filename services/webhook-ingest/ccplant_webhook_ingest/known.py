"""Webhooks as they were a moment ago, so that a flood does not become a flood of questions to MongoDB.

An entry is good for about a second, also one that says that there is no such webhook. Where that would mean a refusal
(an unknown webhook, a signature that does not fit), an older entry is looked up once more first: a webhook that was made,
or a secret that was rotated, a moment ago is known at once. Both kinds of refusal cost the same. Of those who ask for the
same webhook at once one asks MongoDB; unknown ones have a queue of their own, which stands in nobody's way.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from pydantic import ValidationError

from ccplant_contracts.ids import ALPHABET
from ccplant_contracts.webhook import CreateWebhook
from ccplant_platform.clock import Clock
from ccplant_platform.sealing import Sealer, UnsealError
from ccplant_store.webhooks.model import WebhookDoc, secret_purpose
from ccplant_store.webhooks.repository import WebhookStore

_log = structlog.get_logger(__name__)

_ID = re.compile(rf"hook-[{ALPHABET}]{{16}}")
LOOKED_UP_AGAIN_SECONDS = 0.25
"""A refusal is never based on an older entry."""
_MOST_KEPT = 4_000
_MOST_UNKNOWN = 20_000
_QUESTIONS = 16
"""To MongoDB at once, about webhooks that were not there when last asked for, and about others."""


class SealedError(Exception):
    """A webhook's secret cannot be opened: the key is missing, or is another one."""


@dataclass(frozen=True, slots=True)
class Known:
    """A webhook, or that there is none, as it was at a moment."""

    webhook: WebhookDoc | None
    definition: CreateWebhook | None
    secrets: tuple[str, ...]
    """The current one, then the one before it."""
    loaded_at: float

    def good_secrets(self, now: datetime) -> Sequence[str]:
        """Return the secrets that sign now; none where it does not answer."""
        webhook = self.webhook
        if webhook is None or not webhook.answers:
            return ()
        return self.secrets[: len(webhook.sealed_secrets(now))]


class KnownWebhooks:
    """The webhooks that were asked for lately."""

    def __init__(
        self, webhooks: WebhookStore, sealer: Sealer | None, clock: Clock, *, fresh_seconds: float
    ) -> None:
        self._webhooks = webhooks
        self._sealer = sealer
        self._clock = clock
        self._fresh = fresh_seconds
        self._there: OrderedDict[str, Known] = OrderedDict()
        self._absent: OrderedDict[str, Known] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Known]] = {}
        self._questions = {True: asyncio.Semaphore(_QUESTIONS), False: asyncio.Semaphore(_QUESTIONS)}

    async def get(self, webhook_id: str, *, fresh: float | None = None) -> Known:
        """Return a webhook as it was at most so many seconds ago.

        Raises:
            StoreUnavailableError: MongoDB cannot be asked.
            SealedError: its secret cannot be opened.
        """
        if not _ID.fullmatch(webhook_id):
            return Known(None, None, (), 0.0)
        entry = self._there.get(webhook_id) or self._absent.get(webhook_id)
        limit = self._fresh if fresh is None else fresh
        if entry is not None and self._clock.monotonic() - entry.loaded_at < limit:
            return entry
        return await self._ask(webhook_id)

    async def get_again(self, webhook_id: str, seen: Known) -> Known:
        """Return it anew where what was seen is too old to refuse by."""
        if self._clock.monotonic() - seen.loaded_at < LOOKED_UP_AGAIN_SECONDS:
            return seen
        return await self.get(webhook_id, fresh=LOOKED_UP_AGAIN_SECONDS)

    async def _ask(self, webhook_id: str) -> Known:
        task = self._asking.get(webhook_id)
        if task is None:
            task = asyncio.create_task(self._load(webhook_id))
            self._asking[webhook_id] = task
            task.add_done_callback(lambda _: self._asking.pop(webhook_id, None))
        # whoever leaves must not end the question of the others
        return await asyncio.shield(task)

    async def _load(self, webhook_id: str) -> Known:
        asked_at = self._clock.monotonic()
        async with self._questions[webhook_id in self._there]:
            webhook = await self._webhooks.get(webhook_id)
        known = self._known(webhook, asked_at)
        kept, other, most = (
            (self._absent, self._there, _MOST_UNKNOWN)
            if webhook is None
            else (self._there, self._absent, _MOST_KEPT)
        )
        other.pop(webhook_id, None)
        kept[webhook_id] = known
        kept.move_to_end(webhook_id)
        while len(kept) > most:
            kept.popitem(last=False)
        return known

    def _known(self, webhook: WebhookDoc | None, asked_at: float) -> Known:
        if webhook is None or not webhook.answers:
            return Known(webhook, _definition(webhook), (), asked_at)
        if self._sealer is None:
            raise SealedError("CCPLANT_SEALING_KEY_FILE is not set, and opens the secrets of webhooks")
        try:
            secrets = [self._sealer.unseal(webhook.sealed_secret, secret_purpose(webhook.id))]
        except UnsealError as error:
            raise SealedError(f"the secret of {webhook.id} does not open: {error}") from error
        if webhook.old_sealed_secret is not None:
            # one that was sealed with a key that is lost must not keep the new one from being good
            with suppress(UnsealError):
                secrets.append(self._sealer.unseal(webhook.old_sealed_secret, secret_purpose(webhook.id)))
        return Known(webhook, _definition(webhook), tuple(secrets), asked_at)


def _definition(webhook: WebhookDoc | None) -> CreateWebhook | None:
    if webhook is None or webhook.deleted:
        return None
    try:
        return webhook.parsed()
    except ValidationError as error:
        # the deliveries are recorded in any case, and fail with a reason that says so
        _log.error("webhook_definition_invalid", webhook_id=webhook.id, problems=error.error_count())
        return None
