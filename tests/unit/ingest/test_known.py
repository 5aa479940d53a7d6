"""Webhooks that are known: few questions, and no refusal by what is old."""

from __future__ import annotations

import asyncio

import pytest

from ccplant_contracts.ids import new_webhook_id
from ccplant_platform.sealing import Sealer
from ccplant_store.errors import StoreUnavailableError
from ccplant_store.webhooks.model import WebhookDoc, secret_purpose
from ccplant_store.webhooks.repository import WebhookStore
from ccplant_webhook_ingest.known import KnownWebhooks, SealedError
from tests.support.clock import FakeClock
from tests.support.deliveries import webhook_document

SEALER = Sealer([b"k" * 32])


class Webhooks(WebhookStore):
    """A store that counts what it is asked."""

    def __init__(self) -> None:
        self.there: dict[str, WebhookDoc] = {}
        self.asked = 0
        self.away = False

    async def get(self, webhook_id: str) -> WebhookDoc | None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailableError("away")
        return self.there.get(webhook_id)

    def keep(self, secret: str, webhook: WebhookDoc | None = None) -> WebhookDoc:
        """Keep a webhook with this secret."""
        made = webhook or webhook_document()
        sealed = SEALER.seal(secret, secret_purpose(made.id))
        self.there[made.id] = made.model_copy(update={"sealed_secret": sealed})
        return self.there[made.id]


@pytest.fixture
def webhooks() -> Webhooks:
    return Webhooks()


@pytest.fixture
def known(webhooks: Webhooks, clock: FakeClock) -> KnownWebhooks:
    return KnownWebhooks(webhooks, SEALER, clock, fresh_seconds=1)


async def test_a_flood_asks_once_a_second_whether_the_webhook_is_there_or_not(
    known: KnownWebhooks, webhooks: Webhooks, clock: FakeClock
) -> None:
    for webhook_id in (webhooks.keep("s").id, new_webhook_id()):
        webhooks.asked = 0
        for _ in range(5):
            await asyncio.gather(*(known.get(webhook_id) for _ in range(100)))
            await clock.advance(0.19)
        assert webhooks.asked == 1
        await clock.advance(0.1)
        await known.get(webhook_id)
        assert webhooks.asked == 2


async def test_what_cannot_be_an_id_is_never_asked_for(known: KnownWebhooks, webhooks: Webhooks) -> None:
    for text in (
        "",
        "hook-",
        "hook-" + "0" * 17,
        "hook-" + "I" * 16,
        "../x",
        "x" * 10_000,
        "hook-" + "0" * 15 + "\n",
    ):
        assert (await known.get(text)).webhook is None
    assert webhooks.asked == 0


async def test_a_refusal_by_an_older_entry_is_looked_up_once_more_and_no_more_often(
    known: KnownWebhooks, webhooks: Webhooks, clock: FakeClock
) -> None:
    webhook = webhooks.keep("first")
    seen = await known.get(webhook.id)
    webhooks.keep("second", webhook)
    assert await known.get_again(webhook.id, seen) is seen  # it is new enough to refuse by
    await clock.advance(0.3)
    again = await asyncio.gather(*(known.get_again(webhook.id, seen) for _ in range(100)))
    assert {one.secrets for one in again} == {("second",)}
    assert webhooks.asked == 2


async def test_a_webhook_that_does_not_answer_has_no_good_secret(
    known: KnownWebhooks, webhooks: Webhooks, clock: FakeClock
) -> None:
    for changes in ({"enabled": False}, {"deleted": True}):
        webhook = webhooks.keep("s")
        webhooks.there[webhook.id] = webhook.model_copy(update=changes)
        assert (await known.get(webhook.id)).good_secrets(clock.now()) == ()


async def test_an_absence_is_not_remembered(known: KnownWebhooks, webhooks: Webhooks) -> None:
    webhook = webhooks.keep("s")
    webhooks.away = True
    answers = await asyncio.gather(*(known.get(webhook.id) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(answer, StoreUnavailableError) for answer in answers)
    webhooks.away = False
    assert (await known.get(webhook.id)).webhook == webhook


async def test_a_secret_of_another_key_is_told_apart_from_a_wrong_one(
    webhooks: Webhooks, clock: FakeClock
) -> None:
    webhook = webhooks.keep("s")
    for sealer in (None, Sealer([b"o" * 32])):
        with pytest.raises(SealedError):
            await KnownWebhooks(webhooks, sealer, clock, fresh_seconds=1).get(webhook.id)


async def test_memory_is_bounded_and_unknown_ones_push_no_known_one_out(
    known: KnownWebhooks, webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccplant_webhook_ingest.known._MOST_UNKNOWN", 150)
    webhook = webhooks.keep("s")
    await known.get(webhook.id)
    for _ in range(3):
        await asyncio.gather(*(known.get(new_webhook_id()) for _ in range(100)))
    webhooks.asked = 0
    await known.get(webhook.id)
    assert webhooks.asked == 0
    assert len(known._absent) == 150


async def test_an_old_secret_that_does_not_open_any_more_keeps_the_new_one_from_nothing() -> None:
    webhooks, clock = Webhooks(), FakeClock()
    made = webhooks.keep("whsec_new")
    lost = Sealer([b"l" * 32]).seal("whsec_old", secret_purpose(made.id))
    webhooks.there[made.id] = webhooks.there[made.id].model_copy(update={"old_sealed_secret": lost})
    known = await KnownWebhooks(webhooks, SEALER, clock, fresh_seconds=1.0).get(made.id)
    assert list(known.good_secrets(clock.now())) == ["whsec_new"]
