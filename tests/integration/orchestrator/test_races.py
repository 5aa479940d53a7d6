"""Races by hundreds: whoever is faster, each thing happens once and has one end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from ccplant_contracts.prompt import PermissionAnswer, PermissionOption
from ccplant_contracts.status import PermissionDelivery, PermissionState, PromptState, StopReason
from ccplant_contracts.stream import PermissionOutcome, PermissionRequest, Turn
from ccplant_orchestrator.runtimes.protocol import ExitRecord
from tests.integration.orchestrator.conftest import OWNER, Plant
from tests.support.scripted_runner import ScriptedRunner
from tests.support.waiting import eventually

_ENDS = {PromptState.DONE, PromptState.INTERRUPTED, PromptState.UNDELIVERED, PromptState.REMOVED}


async def _answer_turns(runner: ScriptedRunner, *, until: asyncio.Event) -> None:
    answered = 0
    while not until.is_set():
        if len(runner.prompts) > answered:
            await runner.say(Turn(prompt_id=runner.prompts[answered].prompt_id, state="done"))
            answered += 1
        else:
            await asyncio.sleep(0.001)


async def _race_with_an_end(plant: Plant, reason: StopReason) -> None:
    await plant.start_replica()
    session = await plant.create()
    runner = await plant.runner(session.id)
    over = asyncio.Event()
    turns = asyncio.create_task(_answer_turns(runner, until=over))

    async def end() -> None:
        await eventually(lambda: len(runner.prompts) >= 5)
        if reason is StopReason.TIMEOUT:
            await eventually(lambda: _due_now(plant, session.id))
            await plant.tell("session.extend", session.id)
        else:
            await plant.stop(session.id, reason)
        await eventually(lambda: runner.stops)
        plant.runtime.exit(runner.launch_id, ExitRecord(exit_code=0))

    ending = asyncio.create_task(end())
    accepted = [
        prompt
        for prompt in await asyncio.gather(*(plant.prompt(session.id, f"p{number}") for number in range(200)))
        if prompt is not None
    ]
    await ending
    await plant.settled(session.id)
    over.set()
    await turns
    told = [prompt.prompt_id for prompt in runner.prompts]
    assert len(told) == len(set(told)), "a prompt was run twice"
    for prompt in accepted:

        async def ended(prompt_id: str = prompt.id) -> bool:
            stored = await plant.store.prompts.get(session.id, prompt_id)
            return stored is not None and stored.state in _ENDS

        await eventually(ended)


async def _due_now(plant: Plant, session_id: str) -> bool:
    session = await plant.get(session_id)
    return await plant.store.sessions.change(session, set={"deadline_at": datetime.now(UTC)}) is not None


async def test_prompts_against_a_stop_each_end_once(plant: Plant) -> None:
    await _race_with_an_end(plant, StopReason.STOPPED)


async def test_prompts_against_the_time_limit_each_end_once(plant: Plant) -> None:
    await _race_with_an_end(plant, StopReason.TIMEOUT)


async def test_one_of_a_hundred_answers_to_a_permission_counts_and_the_runner_hears_that_one(
    plant: Plant,
) -> None:
    session = await plant.create(prompts=1)
    runner = await plant.runner(session.id)
    await eventually(lambda: runner.prompts)
    options = (
        PermissionOption(option_id="yes", name="Allow", kind="allow_once"),
        PermissionOption(option_id="no", name="Reject", kind="reject_once"),
    )
    request = PermissionRequest(
        permission_id="perm-1", prompt_id=runner.prompts[0].prompt_id, title="Write a file", options=options
    )
    await runner.say(request)
    await eventually(lambda: plant.store.permissions.get(session.id, "perm-1"))

    async def answer(number: int) -> str | None:
        option = options[number % 2]
        given = PermissionAnswer(
            option_id=option.option_id,
            kind=option.kind,
            source="user",
            by=f"{OWNER}-{number}",
            at=datetime.now(UTC),
        )
        stored = await plant.store.permissions.answer(session.id, "perm-1", given)
        return None if stored is None else option.option_id

    counted = [taken for taken in await asyncio.gather(*(answer(number) for number in range(100))) if taken]
    assert len(counted) == 1
    await plant.tell("permission.deliver", session.id)
    await eventually(lambda: runner.decisions)
    assert {decision.option_id for decision in runner.decisions} == set(counted)
    await runner.say(PermissionOutcome(permission_id="perm-1", outcome="applied", option_id=counted[0]))

    async def applied() -> bool:
        stored = await plant.store.permissions.get(session.id, "perm-1")
        return stored is not None and stored.delivery is PermissionDelivery.APPLIED

    await eventually(applied)
    final = await plant.store.permissions.get(session.id, "perm-1")
    assert final is not None
    assert final.state is PermissionState.ANSWERED


async def test_a_prompt_whose_receipt_was_lost_is_asked_about_and_not_run_again(plant: Plant) -> None:
    session = await plant.create(prompts=1)
    runner = await plant.runner(session.id, register=False)
    runner.deaf = True
    await runner.register()
    await eventually(lambda: _under_way(plant, session.id))
    runner.deaf = False
    await plant.tell("prompt.deliver", session.id)
    await eventually(lambda: runner.prompts, timeout=15)
    await plant.tell("prompt.deliver", session.id)
    await runner.say(Turn(prompt_id=runner.prompts[0].prompt_id, state="done"))

    async def done() -> bool:
        (prompt,) = await plant.store.prompts.list_for(session.id)
        return prompt.state is PromptState.DONE

    await eventually(done)
    assert len(runner.prompts) == 1


async def _under_way(plant: Plant, session_id: str) -> bool:
    return await plant.store.prompts.under_way(session_id) is not None


async def test_a_replica_that_lost_a_part_says_so(plant: Plant) -> None:
    replica = await plant.start_replica()

    async def ends() -> None:
        raise RuntimeError("a bug")

    part = asyncio.create_task(ends())
    part.add_done_callback(replica._part_ended)
    await asyncio.wait_for(replica.broken.wait(), 5)
    other = plant.replicas[0]
    assert not other.broken.is_set()
    await other.stop()
    assert not other.broken.is_set(), "a part that was told to stop is not a broken one"


async def test_a_holder_that_was_killed_is_replaced_and_nothing_waits_longer_than_its_lease(
    plant: Plant,
) -> None:
    first = plant.replicas[0]
    await plant.start_replica()
    await first.stop()
    plant.replicas.remove(first)
    session = await plant.create()
    await plant.runner(session.id)
    await plant.stop(session.id, force=True)
    await plant.settled(session.id)

    async def published() -> bool:
        return not await plant.store.events.unpublished(10)

    await eventually(published, timeout=20)
