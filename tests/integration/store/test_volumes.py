"""A volume has one session at a time, and is removed when nobody can want it any more."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from ccplant_contracts.session import SessionConfig, Transcript
from ccplant_store import Store
from ccplant_store.errors import AlreadyDoneError, StoreError, VolumeRefusedError
from ccplant_store.idempotency import IdempotencyDoc, idempotency_id
from ccplant_store.sessions.model import SessionDoc
from ccplant_store.volumes.model import VolumeDoc
from tests.support.documents import NOW, OWNER, ended_session, session_document

LATER = NOW + timedelta(minutes=1)


def with_volume(volume_id: str | None = None, **changes: Any) -> SessionDoc:
    """A new session on this volume, or on one of its own."""
    config = SessionConfig(pvc_enabled=True, pvc_storage_size="5Gi").model_dump(mode="json")
    session = session_document(config=config, **changes)
    return session.model_copy(update={"volume_id": volume_id or session.id})


async def kept_volume(store: Store) -> VolumeDoc:
    """A volume that its session has let go of."""
    session = await store.sessions.create(with_volume())
    kept = await store.volumes.let_go(session.id, session.id, keep=True, at=NOW)
    assert kept is not None
    return kept


async def test_a_session_with_a_volume_has_it_from_its_creation_on(store: Store) -> None:
    session = await store.sessions.create(with_volume())
    volume = await store.volumes.get_owned(session.id, OWNER)
    assert volume is not None
    assert (volume.holder, volume.last_holder, volume.size) == (session.id, session.id, "5Gi")
    assert await store.volumes.get_owned(session.id, "somebody-else") is None
    assert await store.volumes.known() == {session.id}
    without = await store.sessions.create(session_document())
    assert await store.volumes.get(without.id) is None


async def test_of_many_sessions_that_want_a_kept_volume_one_is_created(replicas: tuple[Store, ...]) -> None:
    store = replicas[0]
    volume = await kept_volume(store)
    wanting = [with_volume(volume.id) for _ in range(20)]
    results = await asyncio.gather(
        *(replicas[n % 5].sessions.create(session) for n, session in enumerate(wanting)),
        return_exceptions=True,
    )
    created = [result for result in results if isinstance(result, SessionDoc)]
    refused = [result for result in results if isinstance(result, VolumeRefusedError)]
    assert (len(created), len(refused)) == (1, 19), results
    assert {(error.why, error.holder) for error in refused} == {("held", created[0].id)}
    there = [await store.sessions.get(session.id) for session in wanting]
    assert [session.id for session in there if session is not None] == [created[0].id]
    claimed = await store.volumes.get(volume.id)
    assert claimed is not None
    assert (claimed.holder, claimed.kept_at) == (created[0].id, None)


async def test_a_creation_that_fails_holds_nothing(store: Store) -> None:
    volume = await kept_volume(store)
    key = IdempotencyDoc(id=idempotency_id(OWNER, "r", "k"), body_hash="h", resource_id="s-1", created_at=NOW)
    await store.sessions.create(session_document(), idempotency=key)
    with pytest.raises(AlreadyDoneError):
        await store.sessions.create(with_volume(volume.id), idempotency=key)
    free = await store.volumes.get(volume.id)
    assert free is not None
    assert free.holder is None


async def test_anothers_volume_is_as_if_it_were_not_there(store: Store) -> None:
    volume = await kept_volume(store)
    with pytest.raises(VolumeRefusedError) as refused:
        await store.sessions.create(with_volume(volume.id, owner="eve"))
    assert (refused.value.why, refused.value.holder) == ("absent", None)
    with pytest.raises(VolumeRefusedError) as refused:
        await store.volumes.condemn(volume.id, "eve", at=NOW)
    assert refused.value.why == "absent"


async def test_letting_go_is_repeatable_and_only_the_holders(store: Store) -> None:
    volume = await kept_volume(store)
    again = await store.volumes.let_go(volume.id, volume.id, keep=True, at=LATER)
    assert again == volume
    heir = await store.sessions.create(with_volume(volume.id))
    # a replica that was frozen over the end of the first session acts late
    assert await store.volumes.let_go(volume.id, volume.id, keep=True, at=LATER) is None
    assert await store.volumes.let_go(volume.id, volume.id, keep=False, at=LATER) is None
    held = await store.volumes.get(volume.id)
    assert held is not None
    assert (held.holder, held.deleting) == (heir.id, False)


async def test_the_session_that_had_it_last_decides_about_it(store: Store) -> None:
    volume = await kept_volume(store)
    heir = await store.sessions.create(with_volume(volume.id))
    assert await store.volumes.let_go(volume.id, heir.id, keep=True, at=NOW) is not None
    assert await store.volumes.let_go(volume.id, volume.id, keep=False, at=NOW) is None
    kept = await store.volumes.get(volume.id)
    assert kept is not None
    assert not kept.deleting
    gone = await store.volumes.let_go(volume.id, heir.id, keep=False, at=NOW)
    assert gone is not None
    assert gone.deleting
    # again, after a crash: the same answer, so that the removal is not forgotten
    assert await store.volumes.let_go(volume.id, heir.id, keep=False, at=LATER) == gone


async def test_a_volume_in_use_is_not_condemned_and_one_that_is_goes_to_nobody(store: Store) -> None:
    session = await store.sessions.create(with_volume())
    with pytest.raises(VolumeRefusedError) as refused:
        await store.volumes.condemn(session.id, OWNER, at=NOW)
    assert (refused.value.why, refused.value.holder) == ("held", session.id)
    await store.volumes.let_go(session.id, session.id, keep=True, at=NOW)
    condemned = await store.volumes.condemn(session.id, OWNER, at=NOW)
    assert condemned.deleting
    assert await store.volumes.condemn(session.id, OWNER, at=LATER) == condemned
    with pytest.raises(VolumeRefusedError) as refused:
        await store.sessions.create(with_volume(session.id))
    assert refused.value.why == "deleting"


async def test_a_claim_and_a_removal_at_once_never_both_succeed(replicas: tuple[Store, ...]) -> None:
    for _ in range(15):
        volume = await kept_volume(replicas[0])
        steps = [
            replicas[1].sessions.create(with_volume(volume.id)),
            replicas[2].sessions.create(with_volume(volume.id)),
            replicas[3].volumes.condemn(volume.id, OWNER, at=NOW),
        ]
        random.shuffle(steps)
        results = await asyncio.gather(*steps, return_exceptions=True)
        won = [result for result in results if not isinstance(result, BaseException)]
        assert len(won) == 1, results
        assert all(isinstance(r, VolumeRefusedError) for r in results if isinstance(r, BaseException))


async def test_a_removal_is_tried_later_and_later_and_forgotten_when_it_is_done(store: Store) -> None:
    volume = await kept_volume(store)
    await store.volumes.forget(volume.id)
    assert await store.volumes.get(volume.id) is not None, "it was not to go"
    assert await store.volumes.condemned(NOW, limit=10) == ()
    await store.volumes.condemn(volume.id, OWNER, at=NOW)
    assert await store.volumes.condemned(NOW, limit=10) == (volume.id,)
    at, delays = NOW, []
    for _ in range(12):
        await store.volumes.postpone(volume.id, at=at)
        assert await store.volumes.condemned(at, limit=10) == ()
        waiting = await store.volumes.get(volume.id)
        assert waiting is not None
        assert waiting.next_attempt_at is not None
        delays.append((waiting.next_attempt_at - at).total_seconds())
        at = waiting.next_attempt_at
        assert await store.volumes.condemned(at, limit=10) == (volume.id,)
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (1, 300)
    assert volume.id in await store.volumes.known(), "until it is gone it is no garbage"
    await store.volumes.forget(volume.id)
    assert await store.volumes.get(volume.id) is None


async def test_more_volumes_than_can_be_told_are_never_told_as_if_they_were_all(store: Store) -> None:
    for _ in range(3):
        await store.sessions.create(with_volume())
    assert len(await store.volumes.known(limit=3)) == 3
    with pytest.raises(StoreError):
        await store.volumes.known(limit=2)


async def test_lists_are_the_owners_and_newest_first(store: Store) -> None:
    made = [await store.sessions.create(with_volume(created_at=NOW + timedelta(minutes=n))) for n in range(5)]
    await store.sessions.create(with_volume(owner="eve"))
    page, total = await store.volumes.list(OWNER, limit=2, offset=1)
    assert ([volume.id for volume in page], total) == ([made[3].id, made[2].id], 5)


async def test_a_deletion_that_comes_while_a_session_settles_is_not_passed_over(store: Store) -> None:
    ended = await ended_session(store)
    await store.sessions.mark_deleted(ended.id, by=OWNER, at=NOW, delete_pvc=True)
    transcript = Transcript(last_seq=0, complete=True)
    assert not await store.sessions.mark_settled(ended.id, transcript, keeps_workspace=True, deleted=False)
    settled = await store.sessions.mark_settled(ended.id, transcript, keeps_workspace=False, deleted=True)
    assert settled is not None
    assert settled.settled


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_comes_in_whatever_order_a_volume_has_one_session_and_one_who_decides(
    store: Store, seed: int
) -> None:
    """Random steps, with repeats and late ones, against the rule as a few lines of Python."""
    chance = random.Random(seed)
    first = await store.sessions.create(with_volume())
    sessions, holder, last, going = [first.id], first.id, first.id, False
    for _ in range(40):
        match chance.choices(["claim", "let go", "drop", "condemn"], [10, 10, 3, 1])[0]:
            case "claim":
                heir, refused = with_volume(first.id), None
                try:
                    await store.sessions.create(heir)
                except VolumeRefusedError as error:
                    refused = error
                assert (refused is None) == (not going and not holder)
                if refused is None:
                    sessions.append(heir.id)
                    holder = last = heir.id
                else:
                    assert refused.holder == (None if going else holder)
            case "let go" | "drop" as step:
                who = chance.choice([*sessions, last])
                keep = step == "let go"
                await store.volumes.let_go(first.id, who, keep=keep, at=NOW)
                if who == last and not going:
                    holder, going = "", not keep
            case _ if holder:
                with pytest.raises(VolumeRefusedError):
                    await store.volumes.condemn(first.id, OWNER, at=NOW)
            case _:
                assert (await store.volumes.condemn(first.id, OWNER, at=NOW)).deleting
                going = True
        volume = await store.volumes.get(first.id)
        assert volume is not None
        assert (volume.holder or "", volume.last_holder, volume.deleting) == (holder, last, going)
