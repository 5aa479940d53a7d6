"""The agent dies at awkward moments, and no prompt is given to the dead."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from ccplant_contracts.session import AgentInfo
from ccplant_platform.redaction import Redactor
from ccplant_runner import keeper as keeping
from ccplant_runner.agents.driver import AgentExit, AgentGoneError, AgentReady, PromptFile
from ccplant_runner.keeper import AgentKeeper
from ccplant_runner.log import RunnerLog
from tests.support.waiting import eventually


@dataclass
class Agent:
    """An agent that ends when it is told to; its pipes may close before its process does."""

    resumed: str | None = None
    heard: list[str] = field(default_factory=list)
    closed: bool = False
    process: asyncio.Future[AgentExit] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    stays_until_stopped: bool = False

    async def start(self, resume: str | None) -> AgentReady:
        self.resumed = resume
        return AgentReady(AgentInfo(name="demo"), "conversation")

    async def prompt(self, text: str, files: Sequence[PromptFile] = ()) -> str:
        if self.closed:
            raise AgentGoneError("its pipes are closed", told=False)
        self.heard.append(text)
        if text == "crash":
            self.closed = True
            raise AgentGoneError("it died")
        return "end_turn"

    async def cancel(self) -> None:
        raise AgentGoneError("it has no turn")

    async def stop(self, grace: float) -> None:
        if self.stays_until_stopped:
            self.exit()
        await self.process

    async def wait(self) -> AgentExit:
        return await asyncio.shield(self.process)

    def exit(self) -> None:
        if not self.process.done():
            self.process.set_result(AgentExit(3, None))


@dataclass
class Kept:
    """A keeper and the agents that it started."""

    keeper: AgentKeeper
    agents: list[Agent]


@asynccontextmanager
async def kept(new: Callable[[], Agent] = Agent) -> AsyncIterator[Kept]:
    agents: list[Agent] = []

    def driver() -> Agent:
        agents.append(new())
        return agents[-1]

    keeper = AgentKeeper(
        driver, RunnerLog(Redactor([]), {}, io.StringIO()), on_restarting=lambda _: None,
        on_restarted=lambda: None, on_death=lambda: None, stop_grace=0.1,
    )  # fmt: skip
    await keeper.start()
    yield Kept(keeper, agents)
    for agent in agents:
        agent.exit()
    await keeper.stop(0.1)


async def _no_strays() -> None:
    """This process is not a runner: its other children are the servers of the tests."""


@pytest.fixture(autouse=True)
def _in_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_PAUSE_SECONDS", (0.0,))
    monkeypatch.setattr(keeping, "end_strays", _no_strays)


async def test_a_prompt_that_comes_while_the_agent_is_dying_is_its_successors() -> None:
    async with kept() as it:
        first = asyncio.create_task(it.keeper.prompt("crash"))
        await eventually(lambda: it.agents[0].heard)
        # the process is not gone yet, and nobody but the pipes tells of it
        second = asyncio.create_task(it.keeper.prompt("next"))
        await asyncio.sleep(0)
        it.agents[0].exit()
        with pytest.raises(AgentGoneError):
            await first
        assert await second == "end_turn"
        assert [agent.heard for agent in it.agents] == [["crash"], ["next"]]


async def test_a_prompt_to_an_agent_that_died_unnoticed_is_its_successors() -> None:
    async with kept() as it:
        it.agents[0].closed = True
        prompt = asyncio.create_task(it.keeper.prompt("hello"))
        await asyncio.sleep(0)
        it.agents[0].exit()
        assert await prompt == "end_turn"
        assert [agent.heard for agent in it.agents] == [[], ["hello"]]
        assert it.agents[1].resumed is None, "the first one was told nothing: there is nothing to go on with"


async def test_an_agent_that_only_closed_its_pipes_is_ended_and_comes_back() -> None:
    async with kept(lambda: Agent(stays_until_stopped=True)) as it:
        with pytest.raises(AgentGoneError):
            await it.keeper.prompt("crash")
        assert await it.keeper.prompt("next") == "end_turn"
        assert it.agents[1].resumed == "conversation"


async def test_a_prompt_that_no_agent_takes_ends_with_the_agent() -> None:
    async with kept(lambda: Agent(stays_until_stopped=True, closed=True)) as it:
        with pytest.raises(AgentGoneError, match="no agent any more"):
            await it.keeper.prompt("hello")
        assert len(it.agents) == 1 + keeping.MAX_RESTARTS
        assert (await it.keeper.ended).clean is False


async def test_a_prompt_that_waits_for_a_successor_ends_when_the_session_does() -> None:
    async with kept() as it:
        it.agents[0].closed = True
        prompt = asyncio.create_task(it.keeper.prompt("hello"))
        await eventually(lambda: not it.keeper._up.is_set())
        stopping = asyncio.create_task(it.keeper.stop(0.1))
        it.agents[0].exit()
        with pytest.raises(AgentGoneError):
            await prompt
        await stopping
