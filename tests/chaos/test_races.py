"""Races by hundreds over REST: whoever comes first, each thing happens once and nobody is told otherwise."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter

import pytest

from tests.support.scene import Scene
from tests.support.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]


async def test_hundreds_of_prompts_against_a_stop_each_end_once(stage: Scene) -> None:
    session_id = await stage.running("echo first")
    sending = [
        asyncio.create_task(stage.person.say(session_id, f"echo word {number}")) for number in range(300)
    ]
    await eventually(lambda: sum(task.done() for task in sending) >= 100, 60)
    await stage.person.stop(session_id)
    accepted = [prompt for prompt in await asyncio.gather(*sending) if prompt is not None]
    assert len(accepted) >= 100
    await stage.finish()


async def test_hundreds_of_prompts_against_the_time_limit_each_end_once(stage: Scene) -> None:
    session_id = await stage.running("echo first", config={"timeout_minutes": 60})
    sending = [
        asyncio.create_task(stage.person.say(session_id, f"echo word {number}")) for number in range(200)
    ]
    await eventually(lambda: sum(task.done() for task in sending) >= 50, 60)
    await stage.auditor.due_now(session_id)
    await asyncio.gather(*sending)
    ended = await stage.auditor.settled(session_id)
    assert (ended["status"], ended["status_reason"]) == ("terminated", "timeout")
    await stage.finish()


async def test_of_hundreds_of_answers_to_one_permission_one_counts_and_all_others_are_told(
    stage: Scene,
) -> None:
    session_id = await stage.running("ask", viewers=2)

    async def asked() -> str:
        found = await stage.auditor.find("permissions", {"session_id": session_id, "state": "pending"})
        return str(found[0]["_id"]) if found else ""

    path = f"/sessions/{session_id}/permissions/{await eventually(asked, 30)}"
    options = ("allow_once", "reject_once")
    answers = await asyncio.gather(
        *(stage.person.ask("POST", path, body={"option": options[number % 2]}) for number in range(200))
    )
    (permission,) = await stage.auditor.find("permissions", {"session_id": session_id})
    counted = permission["answer"]["kind"]
    for number, answer in enumerate(answers):
        if options[number % 2] != counted:
            assert answer.status_code == 409, answer.text
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert any(answer.status_code == 200 for answer in answers)
    await stage.auditor.prompts_ended(session_id)
    said = " ".join(stage.viewers_of(session_id)[0].texts().values())
    assert ("I wrote demo.txt" in said) == (counted == "allow_once")
    await stage.finish()


async def test_hundreds_of_recreates_with_one_key_make_one_session(stage: Scene) -> None:
    session_id = await stage.running("echo first")
    await stage.auditor.prompts_ended(session_id)
    await stage.person.stop(session_id)
    await stage.auditor.settled(session_id)
    key = secrets.token_hex(8)
    path = f"/sessions/{session_id}/recreate"
    answers = await asyncio.gather(*(stage.person.ask("POST", path, body={}, key=key) for _ in range(200)))
    assert {answer.status_code for answer in answers} == {201}
    (made,) = {answer.json()["session_id"] for answer in answers}
    stage.person.ledger.sessions[key] = made
    assert len(await stage.auditor.find("sessions", {"recreated_from": session_id})) == 1
    await stage.finish()


async def test_sessions_that_are_deleted_while_they_are_created_leave_nothing(stage: Scene) -> None:
    async def create_and_delete(number: int) -> None:
        session_id = await stage.person.create("spawn", name=f"short-lived {number}")
        await asyncio.gather(
            stage.person.delete(session_id, "?purge=true" if number % 3 == 0 else ""),
            stage.person.say(session_id, "echo too late"),
            stage.person.stop(session_id) if number % 2 else stage.person.delete(session_id, "?force=true"),
        )

    await asyncio.gather(*(create_and_delete(number) for number in range(30)))

    async def erased() -> bool:
        left = [
            name for name in stage.person.ledger.purged if await stage.auditor.find("sessions", {"_id": name})
        ]
        return not left

    await eventually(erased, 60, interval=0.2)
    await stage.finish()


async def test_edits_and_removals_against_delivery_decide_each_prompt_once(stage: Scene) -> None:
    session_id = await stage.running("stream 20 40")
    prompts = [await stage.person.say(session_id, f"echo word {number}") for number in range(60)]
    assert all(prompts)
    outcomes: Counter[tuple[str, int]] = Counter()
    edited: dict[str, str] = {}

    async def edit(prompt_id: str, number: int) -> None:
        for turn in range(4):
            text = f"echo edited {number}.{turn}"
            answer = await stage.person.ask(
                "PATCH", f"/sessions/{session_id}/messages/{prompt_id}", body={"text": text}
            )
            outcomes["edit", answer.status_code] += 1
            if answer.status_code != 200:
                return
            edited[prompt_id] = text

    async def remove(prompt_id: str) -> None:
        answer = await stage.person.ask("DELETE", f"/sessions/{session_id}/messages/{prompt_id}")
        outcomes["remove", answer.status_code] += 1

    await asyncio.gather(
        *(
            remove(prompt_id) if number % 3 == 0 else edit(prompt_id, number)
            for number, prompt_id in enumerate(filter(None, prompts))
        )
    )
    assert {status for _, status in outcomes} <= {200, 409}, outcomes
    await stage.auditor.prompts_ended(session_id)
    for prompt in await stage.auditor.prompts(session_id):
        if prompt["_id"] in edited:
            assert prompt["text"] == edited[prompt["_id"]], "an accepted edit was lost"
        if prompt["state"] == "removed":
            assert outcomes["remove", 200] > 0
    await stage.finish()
