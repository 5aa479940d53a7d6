"""Fairness among webhooks: one that is slow, or has much behind it, keeps nobody else's deliveries waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from ccplant_platform.clock import SystemClock
from ccplant_store import Store
from ccplant_store.deliveries.model import DeliveryDoc
from ccplant_store.webhooks.model import WebhookDoc
from ccplant_webhook_ingest.lines import Lines
from ccplant_webhook_ingest.sweep import Sweep
from tests.support.deliveries import delivery_document, webhook_document
from tests.support.waiting import eventually

SLOW = webhook_document(name="slow")
OTHERS = [webhook_document(name=f"other-{number}") for number in range(3)]


@asynccontextmanager
async def sweeping(store: Store, decided: list[str], *, most: int) -> AsyncIterator[Sweep]:
    """A sweep into lines in which nothing of the slow webhook is ever decided."""
    never = asyncio.Event()

    async def decide(delivery: DeliveryDoc) -> Callable[[], Awaitable[None]] | None:
        if delivery.webhook_id == SLOW.id:
            await never.wait()
        decided.append(delivery.webhook_id)
        await store.deliveries.release(
            delivery, holder="test", at=SystemClock().now() + timedelta(hours=1), tried=True
        )
        return None

    lines = Lines(decide, most=most, workers=4)
    # a lease that is over at once: what stands in a line is due all the time
    sweep = Sweep(
        store, lines, SystemClock(), holder="test", lease=timedelta(microseconds=1), every_seconds=600
    )
    try:
        yield sweep
    finally:
        await lines.close(0)


async def received(store: Store, webhook: WebhookDoc, count: int) -> None:
    """Record deliveries that nobody has taken."""
    rows = [delivery_document(webhook, f"g-{number}").encode() for number in range(count)]
    await store.database.collection("deliveries").insert_many(rows)


async def test_overdue_deliveries_of_a_slow_webhook_hide_nobody_elses(store: Store) -> None:
    decided: list[str] = []
    async with sweeping(store, decided, most=1_000) as sweep:
        await received(store, SLOW, 300)
        await sweep.look()
        await sweep.look()
        await received(store, OTHERS[0], 1)
        await sweep.look()
        await eventually(lambda: decided == [OTHERS[0].id])


async def test_what_one_webhook_has_behind_it_takes_not_all_places(store: Store) -> None:
    decided: list[str] = []
    async with sweeping(store, decided, most=20) as sweep:
        await received(store, SLOW, 300)
        for other in OTHERS:
            await received(store, other, 10)
        for _ in range(20):
            await sweep.look()
            await asyncio.sleep(0)
        await eventually(lambda: {each.id for each in OTHERS} <= set(decided))
