"""Webhooks: an edit never undoes another, and one that is deleted keeps no secret."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ccplant_store import Store
from ccplant_store.errors import AlreadyDoneError
from ccplant_store.idempotency import IdempotencyDoc
from tests.support.deliveries import NOW, webhook_document
from tests.support.documents import OWNER


async def test_a_webhook_comes_back_as_it_was_written(store: Store) -> None:
    webhook = webhook_document(old_sealed_secret="old", old_secret_until=NOW)
    odd = {**webhook.definition, "labels": {"a.b/c": "1"}, "config": {"env": {"$X": {"value": "v"}}}}
    webhook = webhook.model_copy(update={"definition": odd})
    await store.webhooks.insert(webhook)
    assert await store.webhooks.get(webhook.id) == webhook
    assert await store.webhooks.get_owned(webhook.id, OWNER) == webhook
    assert await store.webhooks.get_owned(webhook.id, "eve") is None


async def test_of_two_edits_of_the_same_version_one_is_made(store: Store) -> None:
    webhook = await store.webhooks.insert(webhook_document())
    edits = await asyncio.gather(*(store.webhooks.change(webhook, set={"name": name}) for name in "abc"))
    made = [edit for edit in edits if edit is not None]
    assert len(made) == 1
    assert made[0].version == 2
    assert await store.webhooks.get(webhook.id) == made[0]


async def test_counting_deliveries_stands_in_the_way_of_no_edit_and_the_last_is_the_latest(
    store: Store,
) -> None:
    webhook = await store.webhooks.insert(webhook_document())
    later = NOW + timedelta(seconds=5)
    await store.webhooks.count_delivery(webhook.id, at=later, delivery_id="dlv-late", count=3)
    await store.webhooks.count_delivery(webhook.id, at=NOW, delivery_id="dlv-early")
    changed = await store.webhooks.change(webhook, set={"enabled": False})
    assert changed is not None
    assert (changed.deliveries, changed.last_delivery_at, changed.last_delivery_id) == (4, later, "dlv-late")


async def test_a_deleted_webhook_is_gone_for_its_owner_and_keeps_no_secret(store: Store) -> None:
    webhook = await store.webhooks.insert(webhook_document(sealed_secret="s1", old_sealed_secret="s2"))
    assert not await store.webhooks.delete(webhook.id, "eve")
    assert await store.webhooks.delete(webhook.id, OWNER)
    assert not await store.webhooks.delete(webhook.id, OWNER)
    assert await store.webhooks.get_owned(webhook.id, OWNER) is None
    assert await store.webhooks.change(webhook, set={"name": "x"}) is None
    left = await store.webhooks.get(webhook.id)
    assert left is not None
    assert left.deleted
    assert not left.answers
    assert (left.sealed_secret, left.old_sealed_secret, left.definition) == ("", None, {})


async def test_a_list_is_the_owners_newest_first(store: Store) -> None:
    made = [webhook_document(created_at=NOW + timedelta(seconds=n)) for n in range(5)]
    for webhook in [*made, webhook_document(owner="eve")]:
        await store.webhooks.insert(webhook)
    await store.webhooks.delete(made[4].id, OWNER)
    page, total = await store.webhooks.list(OWNER, limit=2, offset=1)
    assert total == 4
    assert [webhook.id for webhook in page] == [made[2].id, made[1].id]


async def test_a_repeated_creation_tells_what_the_first_made(store: Store) -> None:
    first = webhook_document()
    key = IdempotencyDoc(id="k", body_hash="h", resource_id=first.id, created_at=NOW)
    await store.webhooks.insert(first, idempotency=key)
    with pytest.raises(AlreadyDoneError) as caught:
        await store.webhooks.insert(webhook_document(), idempotency=key)
    assert caught.value.resource_id == first.id
    assert (await store.webhooks.list(OWNER, limit=10))[1] == 1


def test_the_old_secret_is_good_until_its_grace_ends() -> None:
    webhook = webhook_document(sealed_secret="new", old_sealed_secret="old", old_secret_until=NOW)
    assert webhook.sealed_secrets(NOW - timedelta(seconds=1)) == ("new", "old")
    assert webhook.sealed_secrets(NOW) == ("new",)
