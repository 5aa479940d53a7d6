"""Prompts: in the log before they are answered for, one turn at a time, never run twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from ccplant_contracts.attachment import AttachedFile
from ccplant_contracts.launch import PromptDelivery
from ccplant_contracts.stream import MessageChunk, StreamData, Turn
from ccplant_platform.redaction import Redactor
from ccplant_runner.activity import Activity
from ccplant_runner.agents.driver import AgentGoneError, PromptFile, TurnFailedError
from ccplant_runner.prompts import PromptDesk
from ccplant_runner.speech import Speech
from tests.support.waiting import eventually


class ScriptedAgent:
    """Runs a turn until the test ends it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.files: list[tuple[PromptFile, ...]] = []
        self.cancels = 0
        self.end: asyncio.Future[str] | None = None
        self.hears_cancel = True

    async def prompt(self, text: str, files: Sequence[PromptFile] = ()) -> str:
        self.texts.append(text)
        self.files.append(tuple(files))
        self.end = asyncio.get_running_loop().create_future()
        return await self.end

    async def cancel(self) -> None:
        self.cancels += 1
        if self.end is not None and self.hears_cancel and not self.end.done():
            self.end.set_result("cancelled")

    async def begun(self) -> asyncio.Future[str]:
        # in a list: what is awaitable would be awaited
        (end,) = await eventually(lambda: [self.end] if self.end is not None else [])
        return end

    async def finish(self, result: str | Exception = "end_turn") -> None:
        end = await self.begun()
        if isinstance(result, Exception):
            end.set_exception(result)
        else:
            end.set_result(result)


class Bench:
    """A desk with everything around it."""

    def __init__(self) -> None:
        self.said: list[StreamData] = []
        self.agent = ScriptedAgent()
        self.withdrawn = 0
        activity = Activity(lambda _event: None, stable_seconds=600)
        speech = Speech(
            say=self.said.append,
            preview=lambda _delta: None,
            large_tool=lambda tool: tool,
            redactor=Redactor(),
        )
        self.fetches: list[asyncio.Future[Sequence[PromptFile]]] = []
        self.desk = PromptDesk(
            self.agent, speech, activity, self.said.append, on_cancel=self._withdraw, fetch=self._fetch
        )
        self.activity = activity

    async def _fetch(self, prompt_id: str, files: Sequence[AttachedFile]) -> Sequence[PromptFile]:
        self.fetches.append(asyncio.get_running_loop().create_future())
        return await self.fetches[-1]

    async def fetching(self) -> asyncio.Future[Sequence[PromptFile]]:
        (fetch,) = await eventually(lambda: [*self.fetches])
        return fetch

    def _withdraw(self) -> None:
        self.withdrawn += 1

    def deliver(
        self, prompt_id: str, text: str = "hello", number: int = 1, files: tuple[AttachedFile, ...] = ()
    ) -> str:
        delivery = PromptDelivery(prompt_id=prompt_id, number=number, text=text, by="x", attachments=files)
        return self.desk.deliver(delivery).state

    def turns(self, prompt_id: str) -> list[str]:
        return [
            event.state for event in self.said if isinstance(event, Turn) and event.prompt_id == prompt_id
        ]

    async def ended(self, prompt_id: str) -> str:
        return (await eventually(lambda: self.turns(prompt_id)[1:]))[0]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    made.activity.close()


async def test_a_prompt_is_said_before_its_delivery_is_answered(bench: Bench) -> None:
    bench.deliver("p1", "text")
    assert bench.turns("p1") == ["started"]
    assert [event.text for event in bench.said if isinstance(event, MessageChunk)] == ["text"]
    await bench.agent.finish()
    assert await bench.ended("p1") == "done"


async def test_the_same_prompt_is_run_once_however_often_it_comes(bench: Bench) -> None:
    assert [bench.deliver("p1") for _ in range(3)] == ["accepted", "started", "started"]
    await bench.agent.finish()
    await bench.ended("p1")
    assert bench.deliver("p1") == "ended"
    assert bench.agent.texts == ["hello"]


async def test_a_second_prompt_is_refused_while_one_is_under_way_and_taken_after(bench: Bench) -> None:
    bench.deliver("p1")
    assert bench.deliver("p2") == "busy"
    await bench.agent.finish()
    await bench.ended("p1")
    assert bench.deliver("p2") == "accepted"


async def test_a_cancel_ends_its_own_prompt_and_withdraws_questions(bench: Bench) -> None:
    bench.deliver("p1")
    await bench.agent.begun()
    assert bench.desk.cancel("p1").detail == "cancelling"
    assert await bench.ended("p1") == "cancelled"
    assert bench.withdrawn == 1
    assert bench.desk.cancel("p1").detail == "ended"


async def test_a_cancel_for_another_prompt_touches_nothing(bench: Bench) -> None:
    bench.deliver("p1")
    assert bench.desk.cancel("p0").detail == "noted"
    await bench.agent.finish()
    assert await bench.ended("p1") == "done"
    assert bench.agent.cancels == 0


async def test_a_cancel_that_overtook_its_prompt_meets_it(bench: Bench) -> None:
    bench.desk.cancel("p1")
    bench.deliver("p1")
    assert await bench.ended("p1") == "cancelled"
    assert bench.agent.texts == []


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ("end_turn", "done"),
        ("max_tokens", "done"),
        ("refusal", "done"),
        ("cancelled", "interrupted"),
        (TurnFailedError("no"), "failed"),
        (AgentGoneError("dead"), "interrupted"),
    ],
)
async def test_how_a_turn_ends(bench: Bench, result: str | Exception, state: str) -> None:
    bench.deliver("p1")
    await bench.agent.finish(result)
    assert await bench.ended("p1") == state


async def test_a_stop_interrupts_the_turn_also_of_an_agent_that_hears_nothing(bench: Bench) -> None:
    bench.agent.hears_cancel = False
    bench.deliver("p1")
    await bench.agent.begun()
    await bench.desk.stop(0.05)
    assert bench.turns("p1") == ["started", "interrupted"]
    assert bench.deliver("p2") == "stopping"


async def test_a_long_prompt_is_said_whole_in_chunks_that_fit(bench: Bench) -> None:
    text = "ab\u3042" * 60_000
    bench.deliver("p1", text)
    chunks = [event for event in bench.said if isinstance(event, MessageChunk)]
    assert "".join(chunk.text for chunk in chunks) == text
    assert [chunk.offset for chunk in chunks] == [
        sum(len(c.text) for c in chunks[:n]) for n in range(len(chunks))
    ]
    assert max(len(chunk.model_dump_json().encode()) for chunk in chunks) < 100_000
    assert [chunk.final for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


async def test_a_turn_that_the_runner_ends_failed_with_its_reason(bench: Bench) -> None:
    bench.deliver("p1")
    await bench.agent.begun()
    bench.desk.fail(TurnFailedError("given up", "overloaded"))
    await eventually(lambda: not bench.desk.busy)
    (turn,) = [event for event in bench.said if isinstance(event, Turn) and event.state != "started"]
    assert (turn.state, turn.stop_reason, turn.error) == ("failed", "overloaded", "given up")
    assert bench.agent.cancels == 1


async def test_who_cancelled_first_has_cancelled(bench: Bench) -> None:
    bench.agent.hears_cancel = False
    bench.deliver("p1")
    await bench.agent.begun()
    bench.desk.cancel("p1")
    bench.desk.fail(TurnFailedError("given up", "overloaded"))
    await bench.agent.finish("cancelled")
    await eventually(lambda: not bench.desk.busy)
    assert bench.turns("p1") == ["started", "cancelled"]


async def test_nothing_fails_between_turns(bench: Bench) -> None:
    bench.desk.fail(TurnFailedError("given up", "overloaded"))
    assert bench.agent.cancels == 0
    assert not bench.said


FILE = AttachedFile(
    attachment_id="att-0000000000000001", name="a.txt", media_type="text/plain", size_bytes=1, sha256="00"
)
HERE = PromptFile(path=Path("/w/a.txt"), name="a.txt", media_type="text/plain", size=1)


async def test_the_agent_hears_of_a_prompt_only_when_its_files_are_there(bench: Bench) -> None:
    assert bench.deliver("p1", files=(FILE,)) == "accepted"
    fetch = await bench.fetching()
    assert bench.deliver("p1", files=(FILE,)) == "started"
    assert bench.deliver("p2") == "busy"
    assert bench.agent.texts == []
    (chunk,) = [event for event in bench.said if isinstance(event, MessageChunk)]
    assert chunk.attachments == (FILE.ref(),)
    fetch.set_result([HERE])
    await bench.agent.finish()
    assert await bench.ended("p1") == "done"
    assert bench.agent.files == [(HERE,)]
    assert len(bench.fetches) == 1


async def test_a_file_that_cannot_be_had_fails_the_prompt_and_says_so(bench: Bench) -> None:
    bench.deliver("p1", files=(FILE,))
    (await bench.fetching()).set_exception(TurnFailedError("the file a.txt cannot be had"))
    assert await bench.ended("p1") == "failed"
    end = [event for event in bench.said if isinstance(event, Turn)][-1]
    assert (end.error, bench.agent.texts) == ("the file a.txt cannot be had", [])


async def test_a_cancel_reaches_a_prompt_whose_files_are_on_their_way(bench: Bench) -> None:
    bench.deliver("p1", files=(FILE,))
    fetch = await bench.fetching()
    assert bench.desk.cancel("p1").detail == "cancelling"
    assert await bench.ended("p1") == "cancelled"
    assert fetch.cancelled()
    assert bench.agent.texts == []
    bench.deliver("p2", number=2)
    await bench.agent.finish()
    assert await bench.ended("p2") == "done"


async def test_an_end_does_not_wait_for_files_and_interrupts_their_prompt(bench: Bench) -> None:
    bench.deliver("p1", files=(FILE,))
    fetch = await bench.fetching()
    await bench.desk.stop(5.0)
    assert bench.turns("p1") == ["started", "interrupted"]
    assert fetch.cancelled()
    assert bench.agent.texts == []


async def test_a_prompt_that_was_cancelled_before_it_came_fetches_nothing(bench: Bench) -> None:
    bench.desk.cancel("p1")
    bench.deliver("p1", files=(FILE,))
    assert await bench.ended("p1") == "cancelled"
    assert bench.fetches == []
