"""A runner may say anything on its own subjects: it spoils nothing for others, and its session still ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ccplant_contracts import subjects
from ccplant_contracts.launch import Registration, RegistrationAnswer
from ccplant_contracts.prompt import PermissionAnswer
from ccplant_contracts.status import PermissionState
from ccplant_contracts.stream import (
    McpServerEvent,
    MessageChunk,
    Notice,
    PermissionRequest,
    StreamEvent,
)
from ccplant_orchestrator.runtimes.protocol import ExitRecord
from ccplant_platform.bus.connection import connect, jetstream
from tests.integration.orchestrator.conftest import OWNER, Plant
from tests.support.scripted_runner import ScriptedRunner
from tests.support.waiting import eventually

_NOTICE = {"type": "notice", "level": "info", "code": "x", "message": "y"}
_NOW = "2026-01-01T00:00:00Z"


def _event(seq: int, at: str = _NOW, **data: object) -> dict[str, Any]:
    return {"seq": seq, "at": at, "data": data or _NOTICE}


async def _waiting(plant: Plant) -> int:
    bus = await connect(plant.nats.access("all"), name="test")
    try:
        return (await jetstream(bus).stream_info(subjects.STREAM_OUTPUT)).state.messages
    finally:
        await bus.close()


async def _gone(plant: Plant) -> bool:
    return await _waiting(plant) == 0


async def _send(runner: ScriptedRunner, event: dict[str, object]) -> None:
    batch = {"session_id": runner.session_id, "launch_id": runner.launch_id, "events": [event]}
    await jetstream(runner.bus).publish(
        subjects.runner_out(runner.launch_id, "events"), json.dumps(batch).encode()
    )


@pytest.mark.parametrize(
    "event",
    [
        _event(1, at="0001-01-01T00:00:00+14:00"),
        _event(10**30),
        _event(1, type="turn", prompt_id="p", state="unheard of"),
    ],
)
async def test_a_message_that_makes_no_sense_leaves_the_stream_at_once(
    plant: Plant, event: dict[str, object]
) -> None:
    session = await plant.create()
    await _send(await plant.runner(session.id), event)
    await eventually(lambda: _gone(plant), interval=0.2)


async def test_a_message_that_cannot_be_stored_leaves_the_stream_after_a_few_tries(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    monkeypatch.setattr(plant.store.output, "insert", _refuse)
    await runner.say(Notice(level="info", code="x", message="y"))
    await eventually(lambda: _gone(plant), timeout=40, interval=0.5)


async def test_names_that_no_document_can_have_do_not_spoil_the_session(plant: Plant) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    for name in ("", "a.b", "$a", ".", "a.$b", "good"):
        await runner.say(McpServerEvent(name=name, state="ready"))

    async def stored() -> bool:
        return (await plant.get(session.id)).stored_to == 6

    await eventually(stored)
    assert set((await plant.get(session.id)).mcp_servers) == {"good"}


async def test_a_rest_that_cannot_be_stored_does_not_keep_the_end_from_coming(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await plant.create(prompts=1)
    runner = await plant.runner(session.id)
    await eventually(lambda: runner.stored_to == 1)
    monkeypatch.setattr(plant.store.output, "insert", _refuse)
    plant.runtime.tail[runner.launch_id] = [
        StreamEvent(
            seq=2,
            at=datetime.now(UTC),
            data=MessageChunk(message_id="m", role="agent", offset=0, text="last"),
        )
    ]
    plant.runtime.exit(runner.launch_id, ExitRecord(exit_code=1))
    ended = await plant.settled(session.id, timeout=40)
    assert ended.transcript is not None
    assert (ended.transcript.last_seq, ended.transcript.complete) == (1, False)


async def test_a_runner_that_hears_no_answer_is_asked_once_and_not_for_each(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    asked: list[str] = []

    async def nobody(launch_id: str, kind: str, message: object, answer: object) -> None:
        del kind, message, answer
        asked.append(launch_id)

    delivering = plant.replicas[0]._permission_delivering
    monkeypatch.setattr(delivering._runners, "ask", nobody)
    monkeypatch.setattr(plant.replicas[0].permissions, "poke", lambda _: None)
    for number in range(3):
        request = PermissionRequest(permission_id=f"p{number}", prompt_id=None, title="t", options=())
        now = datetime.now(UTC)
        await plant.store.permissions.insert_requested(session.id, OWNER, request, at=now, expires_at=now)
        answer = PermissionAnswer(option_id=None, kind="reject_once", source="user", by=OWNER, at=now)
        await plant.store.permissions.answer(session.id, f"p{number}", answer)
    await delivering.deliver(session.id)
    assert asked == [runner.launch_id]


async def test_the_time_to_answer_a_permission_request_is_counted_by_the_server(plant: Plant) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    begun = datetime.now(UTC)
    for seq, at in ((1, "2001-01-01T00:00:00Z"), (2, "9999-12-31T23:59:59Z")):
        request = PermissionRequest(permission_id=f"p{seq}", prompt_id=None, title="t", options=())
        await _send(runner, _event(seq, at=at, **request.model_dump(mode="json")))

    async def recorded() -> bool:
        return len(await plant.store.permissions.list_for(session.id)) == 2

    await eventually(recorded)
    longest = timedelta(seconds=plant.settings.permission_timeout_seconds + 30)
    for permission in await plant.store.permissions.list_for(session.id):
        assert permission.state is PermissionState.PENDING
        assert permission.expires_at is not None
        assert begun < permission.expires_at < begun + longest


async def test_an_endless_error_does_not_hold_up_the_events_of_others(plant: Plant) -> None:
    session = await plant.create(prompts=1)
    runner = await plant.runner(session.id)
    await eventually(lambda: runner.prompts)
    await eventually(lambda: runner.stored_to == 1)
    failed = _event(2, type="turn", prompt_id=runner.prompts[0].prompt_id, state="failed", error="")
    envelope = {"session_id": session.id, "launch_id": runner.launch_id, "events": [failed]}
    # as much as the bus takes without headers; the lifecycle event has some
    data = {**failed["data"], "error": "x" * (runner.bus.max_payload - len(json.dumps(envelope)))}
    await _send(runner, {**failed, "data": data})

    async def told() -> bool:
        timeline = await plant.store.events.timeline(session.id)
        ended = any(entry.type == "prompt.ended" for entry in timeline)
        return ended and not await plant.store.events.unpublished(10)

    await eventually(told, timeout=20)


async def test_a_registration_that_hangs_holds_up_no_other(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    registrations = plant.replicas[0]._registrations
    register = registrations.register
    hanging = await plant.create()

    async def slow(registration: Registration) -> RegistrationAnswer | None:
        if registration.session_id == hanging.id:
            await asyncio.Event().wait()
        return await register(registration)

    monkeypatch.setattr(registrations, "register", slow)
    first = await plant.runner(hanging.id, register=False)
    waiting = asyncio.create_task(first.register())
    await plant.runner((await plant.create()).id)
    assert not waiting.done()
    waiting.cancel()


async def _refuse(session_id: str, events: Sequence[StreamEvent]) -> int:
    del session_id, events
    raise ValueError("cannot be stored")
