"""A prompt has one end, and at most one is under way."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from ccplant_contracts.session import StopRequested, Transcript
from ccplant_contracts.status import PromptState, Reason, StopReason
from ccplant_store import Store
from ccplant_store.errors import DuplicateKeyError, TransactionContentionError
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc
from tests.support.documents import (
    NOW,
    OWNER,
    ended_session,
    pending_session,
    prompt_document,
    queued_prompt,
    running_session,
)


def launch_of(session: SessionDoc) -> str:
    assert session.launch is not None
    return session.launch.id


async def events_of(store: Store, session: SessionDoc) -> list[str]:
    return [
        f"{event.type}" for event in await store.events.unpublished(1_000) if event.session_id == session.id
    ]


async def delivered(store: Store, session: SessionDoc) -> PromptDoc:
    prompt = await store.prompts.begin_delivery(session.id, launch_of(session))
    assert prompt is not None
    return prompt


async def test_prompts_are_delivered_in_their_order_and_one_at_a_time(store: Store) -> None:
    session = await running_session(store)
    first, second = await queued_prompt(store, session), await queued_prompt(store, session)
    assert (await delivered(store, session)).id == first.id
    assert await store.prompts.begin_delivery(session.id, launch_of(session)) is None
    await store.prompts.apply_turn(session.id, first.id, PromptState.DONE, at=NOW)
    assert (await delivered(store, session)).id == second.id


async def test_of_a_hundred_deliveries_at_once_one_takes_a_prompt(store: Store) -> None:
    session = await running_session(store)
    for _ in range(5):
        await queued_prompt(store, session)
    taken = await asyncio.gather(
        *(store.prompts.begin_delivery(session.id, launch_of(session)) for _ in range(100))
    )
    assert [prompt.number for prompt in taken if prompt is not None] == [1]


async def test_nothing_is_delivered_to_another_launch_or_after_the_end_is_wanted(store: Store) -> None:
    session = await running_session(store)
    await queued_prompt(store, session)
    assert await store.prompts.begin_delivery(session.id, "another") is None
    await store.sessions.request_stop(session.id, StopRequested(reason=StopReason.STOPPED, by=OWNER, at=NOW))
    assert await store.prompts.begin_delivery(session.id, launch_of(session)) is None


@pytest.mark.parametrize("queued_before", [0, 1])
async def test_whoever_is_held_up_between_session_and_prompt_delivers_none_that_came_after_the_sessions_end(
    replicas: tuple[Store, ...], monkeypatch: pytest.MonkeyPatch, queued_before: int
) -> None:
    """A trigger's prompt that is put in after the end is in another session by then: taken here, it would run twice."""
    held_up_one, store, *_ = replicas
    session = await running_session(store)
    for _ in range(queued_before):
        await queued_prompt(store, session)
    number = await store.sessions.take_prompt_number(session.id, session.owner)
    assert number is not None
    prompts = held_up_one.prompts._prompts
    take, held, goes_on = prompts.find_one_and_update, asyncio.Event(), asyncio.Event()

    async def held_up(*query: Any, **options: Any) -> dict[str, Any] | None:
        held.set()
        await goes_on.wait()
        return await take(*query, **options)

    monkeypatch.setattr(prompts, "find_one_and_update", held_up)
    delivering = asyncio.create_task(held_up_one.prompts.begin_delivery(session.id, launch_of(session)))
    await held.wait()
    monkeypatch.undo()
    ended = await store.sessions.get(session.id)
    assert ended is not None
    assert await store.sessions.transition(ended, Reason.RUNNER_LOST, now=NOW) is not None
    await store.prompts.settle(session.id, at=NOW)
    late = await store.prompts.insert(prompt_document(session, number))
    goes_on.set()
    assert await delivering is None
    there = await store.prompts.get(session.id, late.id)
    assert there is not None
    assert there.state is PromptState.QUEUED


async def test_an_edit_is_delivered_or_refused_never_lost(store: Store) -> None:
    """Edit against delivery: whoever was told that the edit holds finds the runner got that text."""
    session = await running_session(store)
    for _ in range(100):
        prompt = await queued_prompt(store, session)
        edited, sent = await asyncio.gather(
            store.prompts.edit(session.id, prompt.id, "edited"),
            store.prompts.begin_delivery(session.id, launch_of(session)),
        )
        assert sent is not None
        assert (sent.text == "edited") == (edited is not None)
        await store.prompts.apply_turn(session.id, prompt.id, PromptState.DONE, at=NOW)


async def test_a_prompt_is_removed_or_delivered_never_both(store: Store) -> None:
    session = await running_session(store)
    for _ in range(50):
        prompt = await queued_prompt(store, session)
        removed, sent = await asyncio.gather(
            store.prompts.remove(session.id, prompt.id, by=OWNER, at=NOW),
            store.prompts.begin_delivery(session.id, launch_of(session)),
        )
        assert (removed is None) != (sent is None)
        if sent is not None:
            await store.prompts.apply_turn(session.id, prompt.id, PromptState.DONE, at=NOW)


async def test_a_queue_is_emptied_by_a_hundred_hands_at_once(store: Store) -> None:
    session = await running_session(store)
    prompts = [await queued_prompt(store, session) for _ in range(100)]
    removed = await asyncio.gather(
        *(store.prompts.remove(session.id, prompt.id, by=OWNER, at=NOW) for prompt in prompts)
    )
    assert all(prompt is not None for prompt in removed)
    assert (await events_of(store, session)).count("prompt.ended") == 100


async def test_a_repeated_insert_returns_the_first(store: Store) -> None:
    session = await running_session(store)
    made = await asyncio.gather(
        *(queued_prompt(store, session, idempotency_key="k", body_hash="h") for _ in range(30))
    )
    assert len({prompt.id for prompt in made}) == 1
    assert await store.prompts.count_open(session.id) == 1


async def test_a_number_is_given_once(store: Store) -> None:
    session = await running_session(store)
    prompt = await queued_prompt(store, session)
    with pytest.raises(DuplicateKeyError):
        await store.prompts.insert(prompt_document(session, prompt.number))


async def test_a_turn_only_moves_forward_and_a_repeat_changes_nothing(store: Store) -> None:
    session = await running_session(store)
    prompt = await queued_prompt(store, session)
    await delivered(store, session)
    for state, moved in (
        (PromptState.IN_PROGRESS, True),
        (PromptState.IN_PROGRESS, False),
        (PromptState.DONE, True),
        (PromptState.IN_PROGRESS, False),
        (PromptState.FAILED, False),
    ):
        result = await store.prompts.apply_turn(session.id, prompt.id, state, at=NOW)
        assert (result is not None) is moved
    assert await events_of(store, session) == [
        "session.created", "session.running", "prompt.queued", "prompt.started", "prompt.ended",
    ]  # fmt: skip


async def test_of_many_who_apply_the_same_turn_one_does(store: Store) -> None:
    session = await running_session(store)
    prompt = await queued_prompt(store, session)
    await delivered(store, session)
    results = await asyncio.gather(
        *(store.prompts.apply_turn(session.id, prompt.id, PromptState.DONE, at=NOW) for _ in range(50))
    )
    assert sum(result is not None for result in results) == 1
    assert (await events_of(store, session)).count("prompt.ended") == 1


async def test_a_prompt_that_nobody_delivered_is_not_ended_by_a_runner(store: Store) -> None:
    session = await running_session(store)
    prompt = await queued_prompt(store, session)
    assert await store.prompts.apply_turn(session.id, prompt.id, PromptState.DONE, at=NOW) is None


async def test_the_first_wish_to_cancel_stays(store: Store) -> None:
    session = await running_session(store)
    prompt = await queued_prompt(store, session)
    assert await store.prompts.request_cancel(session.id, prompt.id, by="a", at=NOW) is None
    await delivered(store, session)
    for by in ("a", "b"):
        asked = await store.prompts.request_cancel(session.id, prompt.id, by=by, at=NOW)
        assert asked is not None
        assert asked.cancel_requested is not None
        assert asked.cancel_requested.by == "a"


async def test_at_the_end_each_open_prompt_gets_its_own_end(store: Store) -> None:
    session = await running_session(store)
    under_way, waiting = await queued_prompt(store, session), await queued_prompt(store, session)
    await delivered(store, session)
    ended = {prompt.id: prompt.state for prompt in await store.prompts.settle(session.id, at=NOW)}
    assert ended == {under_way.id: PromptState.INTERRUPTED, waiting.id: PromptState.UNDELIVERED}
    assert await store.prompts.settle(session.id, at=NOW) == []
    assert (await events_of(store, session)).count("prompt.ended") == 2


async def test_a_prompt_that_lands_after_the_end_was_settled_is_undelivered(store: Store) -> None:
    session = await running_session(store)
    number = await store.sessions.take_prompt_number(session.id, OWNER)
    assert number is not None
    await store.sessions.transition(session, Reason.STOPPED, now=NOW)
    await store.prompts.settle(session.id, at=NOW)
    await store.sessions.mark_settled(
        session.id, Transcript(last_seq=0, complete=True), keeps_workspace=False
    )
    late = await store.prompts.insert(prompt_document(session, number))
    await store.events.unpublished(100)
    now = await store.prompts.get(session.id, late.id)
    assert now is not None
    assert now.state is PromptState.UNDELIVERED
    assert (await events_of(store, session))[-2:] == ["prompt.queued", "prompt.ended"]


async def test_prompts_against_a_stop_all_have_an_end(store: Store) -> None:
    """A hundred prompts while the session ends: each is refused, or has exactly one end afterwards."""
    session = await running_session(store)

    async def send() -> PromptDoc | None:
        number = await store.sessions.take_prompt_number(session.id, OWNER)
        if number is None:
            return None
        return await store.prompts.insert(prompt_document(session, number))

    async def end() -> None:
        asked = await store.sessions.request_stop(
            session.id, StopRequested(reason=StopReason.STOPPED, by=OWNER, at=NOW)
        )
        assert asked is not None
        assert await store.sessions.transition(asked, Reason.STOPPED, now=NOW) is not None
        await store.prompts.settle(session.id, at=NOW)
        await store.sessions.mark_settled(
            session.id, Transcript(last_seq=0, complete=True), keeps_workspace=False
        )

    halves = await asyncio.gather(*(send() for _ in range(50)), end(), *(send() for _ in range(50)))
    taken = [prompt for prompt in halves if prompt is not None]
    events = await events_of(store, session)
    assert await store.prompts.count_open(session.id) == 0
    assert events.count("prompt.queued") == events.count("prompt.ended") == len(taken)


async def test_a_hundred_prompts_at_once_are_all_told_of_in_order(store: Store) -> None:
    session = await running_session(store)
    await asyncio.gather(*(queued_prompt(store, session) for _ in range(100)))
    events = [e for e in await store.events.unpublished(1_000) if e.type == "prompt.queued"]
    assert sorted(event.data["number"] for event in events) == list(range(1, 101))
    assert await events_of(store, session) == ["session.created", "session.running", *["prompt.queued"] * 100]


async def test_only_running_sessions_have_work_for_a_runner(store: Store) -> None:
    pending, running, ended = (
        await pending_session(store),
        await running_session(store),
        await running_session(store),
    )
    for session in (pending, running, ended):
        await queued_prompt(store, session)
    await store.sessions.transition(ended, Reason.STOPPED, now=NOW)
    assert list(await store.prompts.sessions_with_work(limit=10)) == [running.id]
    prompt = await delivered(store, running)
    assert list(await store.prompts.sessions_with_work(limit=10)) == [running.id]
    await store.prompts.apply_turn(running.id, prompt.id, PromptState.IN_PROGRESS, at=NOW)
    assert list(await store.prompts.sessions_with_work(limit=10)) == []
    await store.prompts.request_cancel(running.id, prompt.id, by=OWNER, at=NOW)
    assert list(await store.prompts.sessions_with_work(limit=10)) == [running.id]


async def test_open_prompts_are_listed_however_old(store: Store) -> None:
    session = await running_session(store)
    prompts = [await queued_prompt(store, session) for _ in range(5)]
    for prompt in prompts[1:]:
        await store.prompts.remove(session.id, prompt.id, by=OWNER, at=NOW)
    assert [prompt.number for prompt in await store.prompts.list_for(session.id, last=2)] == [1, 4, 5]
    versions = await store.prompts.versions([session.id], ended_since=NOW)
    assert set(versions[session.id]) == {prompt.id for prompt in prompts}


async def test_each_prompt_is_told_of_once_whoever_is_first(store: Store) -> None:
    """The outbox records `prompt.queued` while the prompt is already leaving the queue."""
    session = await running_session(store)
    prompts = [await queued_prompt(store, session) for _ in range(40)]

    async def announce() -> None:
        with suppress(TransactionContentionError):
            await store.prompts.announce(limit=100)

    async def remove(prompt: PromptDoc) -> None:
        for _ in range(5):
            # whoever loses too often is told so, and asks again
            with suppress(TransactionContentionError):
                await store.prompts.remove(session.id, prompt.id, by=OWNER, at=NOW)
                return

    await asyncio.gather(
        *(announce() for _ in range(4)),
        *(remove(prompt) for prompt in prompts),
        *(announce() for _ in range(4)),
    )
    told = [event for event in await store.events.unpublished(1_000) if event.type.startswith("prompt.")]
    for prompt in prompts:
        types = [event.type for event in told if event.data["prompt_id"] == prompt.id]
        assert types == ["prompt.queued", "prompt.ended"]


async def test_a_session_that_ends_or_is_to_end_takes_no_prompt(store: Store) -> None:
    session = await running_session(store)
    wish = StopRequested(reason=StopReason.STOPPED, by=OWNER, at=NOW)
    assert await store.sessions.request_stop(session.id, wish) is not None
    assert await store.sessions.take_prompt_number(session.id, OWNER) is None
    ended = await ended_session(store)
    assert await store.sessions.take_prompt_number(ended.id, OWNER) is None
