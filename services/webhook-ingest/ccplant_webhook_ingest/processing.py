"""From a delivery on disk to its one outcome, so that a process may die between any two lines.

What the definition says of the payload is decided anew by whoever takes the delivery up again. The outcome is compared
against the delivery as it was taken, and a dispatch is made in the same transaction: of two processes that both believe
to have it, one writes. Only then is the orchestrator told; losing that costs seconds, because it looks by itself.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import structlog

from ccplant_contracts.dispatch import DispatchSource, Target, reuse_target
from ccplant_contracts.ids import new_dispatch_id, random_text
from ccplant_contracts.webhook import CreateWebhook
from ccplant_platform.bus.dispatch_news import DispatchNews
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store
from ccplant_store.deliveries.model import DeliveryDoc
from ccplant_store.dispatches.model import DispatchDoc, new_dispatch, start_of
from ccplant_store.driver import Transaction
from ccplant_store.errors import StoreUnavailableError
from ccplant_store.events.model import NewEvent
from ccplant_store.webhooks.model import WebhookDoc
from ccplant_triggers.payloads import PayloadFacts
from ccplant_triggers.verdict import Verdict, judge
from ccplant_webhook_ingest.content import UnreadableError, parse
from ccplant_webhook_ingest.known import KnownWebhooks, SealedError
from ccplant_webhook_ingest.lines import Rest
from ccplant_webhook_ingest.metrics import OUTCOMES, PROCESS_SECONDS
from ccplant_webhook_ingest.recording import event_data

_log = structlog.get_logger(__name__)

LONGEST_SECONDS = 60.0
"""Nobody needs so long; who does has hung."""
IN_A_THREAD_BYTES = 100_000
_QUICK_BYTES = 32_000
_QUICK_PATTERNS = 10
_LARGE_AT_ONCE = 2
"""Each may be 25 MB as text, and several times that when it is read."""
_NONCE_LENGTH = 12
_LAST_TRIES = 3
_FIRST_DELAY = timedelta(seconds=1)
_LONGEST_DELAY = timedelta(minutes=1)

Reason = Literal[
    "webhook_deleted", "definition_invalid", "payload_invalid", "payload_lost", "processing_failed"
]
"""Why a delivery failed by us; what a verdict says comes beside these."""


class Processor:
    """Works deliveries off."""

    def __init__(
        self,
        store: Store,
        known: KnownWebhooks,
        news: DispatchNews,
        clock: Clock,
        *,
        holder: str,
        lease: timedelta,
        most_attempts: int,
    ) -> None:
        self._store = store
        self._known = known
        self._news = news
        self._clock = clock
        self._holder = holder
        self._lease = lease
        self._most_attempts = most_attempts
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def decide(self, delivery: DeliveryDoc) -> Rest | None:
        """Decide what becomes of a delivery that this process has taken, and return what writes it.

        None: nothing is to be written, because another has it now, or because it failed and is tried again later.
        """
        decided: list[Rest] = []

        async def decide() -> None:
            mine = await self._still_mine(delivery)
            if mine is not None:
                decided.append(await self._decided(mine))

        await self._guarded(delivery, decide)
        return functools.partial(self._guarded, delivery, decided[0]) if decided else None

    async def _guarded(self, delivery: DeliveryDoc, work: Rest) -> None:
        """Do a part of the work; whatever fails is tried again later."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await work()
        except (StoreUnavailableError, SealedError) as error:
            # nothing can be written now; whoever looks after the lease finds it
            _log.warning("delivery_postponed", delivery_id=delivery.id, error=str(error))
            OUTCOMES.labels("again").inc()
        except Exception:  # noqa: BLE001 - one delivery must not stop the others, and is not forgotten
            _log.exception("delivery_not_processed", delivery_id=delivery.id, attempts=delivery.attempts)
            OUTCOMES.labels("again").inc()
            await self._let_go(delivery)

    async def _still_mine(self, delivery: DeliveryDoc) -> DeliveryDoc | None:
        """Take it again where it has waited for so long that another process may be about to; None: one has."""
        now = self._clock.now()
        until = delivery.next_attempt_at
        if until is not None and now < until - self._lease / 2:
            return delivery
        return await self._store.deliveries.claim(
            delivery, holder=self._holder, now=now, lease=self._lease, taken_up=False
        )

    async def _let_go(self, delivery: DeliveryDoc) -> None:
        delay = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** min(delivery.attempts, 10))
        try:
            await self._store.deliveries.release(
                delivery, holder=self._holder, at=self._clock.now() + delay, tried=True
            )
        except StoreUnavailableError as error:
            _log.warning("delivery_postponed", delivery_id=delivery.id, error=str(error))

    # --- deciding

    async def _decided(self, delivery: DeliveryDoc) -> Rest:
        if await self._tried_too_often(delivery):
            return self._failure(delivery, "processing_failed")
        # who replays has perhaps just changed the definition
        known = await self._known.get(delivery.webhook_id, fresh=0.0 if delivery.replays else None)
        webhook = known.webhook
        if webhook is None or webhook.deleted:
            return self._failure(delivery, "webhook_deleted")
        if known.definition is None:
            return self._failure(delivery, "definition_invalid")
        payload = await self._store.deliveries.payload(delivery)
        if payload is None:
            return self._failure(delivery, "payload_lost")
        try:
            verdict = await self._judged(known.definition, delivery.event, payload)
        except UnreadableError as error:
            return self._failure(delivery, "payload_invalid", detail=str(error))
        fault_point("ingest.delivery.judged")
        if verdict.outcome == "dispatch":
            return await self._dispatch(delivery, webhook, known.definition, verdict)
        reason = verdict.reason or "processing_failed"
        return functools.partial(self._finish, delivery, verdict.outcome, reason, shown(verdict))

    async def _tried_too_often(self, delivery: DeliveryDoc) -> bool:
        """Whether it ends whoever processes it.

        Being taken up is not being tried: behind many others it is taken over from one line into another's. So what was
        taken up very often is not failed for that; from then on each beginning is written down, and a few are allowed.
        """
        if delivery.attempts < self._most_attempts:
            return False
        return await self._store.deliveries.begin(delivery) > _LAST_TRIES

    async def _judged(self, definition: CreateWebhook, event: str, payload: bytes) -> Verdict:
        if is_quick(definition, len(payload)):
            return _judge(definition, event, payload)
        if len(payload) <= IN_A_THREAD_BYTES:
            return await asyncio.to_thread(_judge, definition, event, payload)
        async with self._large:
            return await asyncio.to_thread(_judge, definition, event, payload)

    async def _dispatch(
        self, delivery: DeliveryDoc, webhook: WebhookDoc, definition: CreateWebhook, verdict: Verdict
    ) -> Rest:
        now = self._clock.now()
        # the bound ends loops of machines; a replay is its owner's own wish, unless it was the sender's
        if (delivery.replays == 0 or delivery.resent) and not await self._store.rates.admit(
            delivery.trigger,
            webhook.id,
            rate_key(verdict),
            most=definition.max_dispatches_per_hour,
            at=now,
        ):
            most = str(definition.max_dispatches_per_hour)
            facts = {"key": rate_key(verdict).split(":", 1)[1], "limit": most}
            fields = {**shown(verdict), "facts": facts}
            return functools.partial(self._finish, delivery, "ignored", "rate", fields)
        fault_point("ingest.rate.admitted")
        target = reuse_target(
            reuse=definition.reuse_session, session=definition.session_id, key=verdict.reuse_key
        )
        dispatch = await self._new_dispatch(delivery, webhook, definition, verdict, target)
        return functools.partial(self._hand_over, delivery, dispatch, verdict)

    async def _new_dispatch(
        self,
        delivery: DeliveryDoc,
        webhook: WebhookDoc,
        definition: CreateWebhook,
        verdict: Verdict,
        target: Target,
    ) -> DispatchDoc:
        dispatch_id = new_dispatch_id()
        number = None
        if target.kind != "new":
            number = await self._store.slots.next_number(target.queue(webhook.owner, dispatch_id))
            fault_point("ingest.dispatch.numbered")
        return new_dispatch(
            dispatch_id=dispatch_id,
            owner=webhook.owner,
            source=DispatchSource(kind="webhook", id=webhook.id, name=webhook.name, delivery_id=delivery.id),
            trigger=delivery.trigger,
            target=target,
            text=verdict.message or "",
            start=start_of(
                name=webhook.name,
                repository=definition.repository or verdict.facts_of.clone_url,
                branch=definition.branch,
                labels=definition.labels,
                mode=definition.mode,
                reuse=definition.reuse_session,
                config=definition.config,
                auto_delete_on_complete=definition.auto_delete_on_complete,
                auto_delete_after_hours=definition.auto_delete_after_hours,
            ),
            at=self._clock.now(),
            number=number,
        )

    # --- writing what became of it

    async def _hand_over(self, delivery: DeliveryDoc, dispatch: DispatchDoc, verdict: Verdict) -> None:
        now = self._clock.now()
        fields = {**shown(verdict), "message": dispatch.text, "dispatch_id": dispatch.id}

        async def write(run: Transaction) -> bool:
            if not await self._store.deliveries.hand_over(delivery, at=now, transaction=run, **fields):
                return False
            await self._store.dispatches.add(dispatch, transaction=run)
            return True

        if not await self._store.transaction(write):
            return
        fault_point("ingest.delivery.handed")
        self._ended("handed", delivery)
        self._news.dispatch(dispatch.queue, traceparent=delivery.traceparent)

    def _failure(self, delivery: DeliveryDoc, reason: Reason, **facts: str) -> Rest:
        return functools.partial(self._finish, delivery, "failed", reason, {"facts": facts})

    async def _finish(
        self,
        delivery: DeliveryDoc,
        outcome: Literal["ignored", "failed"],
        reason: str,
        fields: Mapping[str, object],
    ) -> None:
        event = NewEvent(
            "delivery.failed" if outcome == "failed" else "delivery.ignored",
            event_data(delivery, reason),
            delivery.traceparent,
        )
        done = await self._store.deliveries.finish(
            delivery, outcome, at=self._clock.now(), event=event, reason=reason, **fields
        )
        fault_point("ingest.delivery.finished")
        if done is not None:
            self._ended(outcome, delivery)

    def _ended(self, outcome: str, delivery: DeliveryDoc) -> None:
        OUTCOMES.labels(outcome).inc()
        if delivery.replays == 0:
            PROCESS_SECONDS.observe(max(0.0, time.time() - delivery.received_at.timestamp()))


def _judge(definition: CreateWebhook, event: str, payload: bytes) -> Verdict:
    return judge(definition, event, parse(payload), nonce=random_text(_NONCE_LENGTH))


def is_quick(definition: CreateWebhook, size: int) -> bool:
    """Tell whether judging takes so little time that all others may wait for it; pure.

    Patterns of paths look at every character of a push's, and a loop of a template takes many steps.
    """
    patterns = sum(
        len(each)
        for each in (
            definition.repositories,
            definition.branches,
            definition.pull_request_labels,
            definition.senders,
        )
    )
    templates = (definition.message, definition.condition, definition.reuse_key)
    loops = any("{%" in template for template in templates if template is not None)
    return size <= _QUICK_BYTES and patterns <= _QUICK_PATTERNS and not definition.paths and not loops


def rate_key(verdict: Verdict) -> str:
    """Return for what dispatches are counted: a reuse key, else a pull request or issue, else a branch; pure."""
    if verdict.reuse_key is not None:
        return f"key:{verdict.reuse_key}"
    found: PayloadFacts = verdict.facts_of
    about = f"#{found.number}" if found.number is not None else (found.ref or "")
    return f"about:{found.repository or ''}:{about}"


def shown(verdict: Verdict) -> dict[str, Any]:
    """Return what the record shows of a verdict; pure."""
    found = verdict.facts_of
    return {
        "action": found.action,
        "repository": found.repository,
        "ref": found.ref,
        "sender": found.sender,
        "facts": dict(verdict.facts),
        "filters": [each.model_dump(mode="json") for each in verdict.filters],
        "message": verdict.message,
        "reuse_key": verdict.reuse_key,
    }
