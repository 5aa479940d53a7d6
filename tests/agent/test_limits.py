"""The real Claude Code at a provider's limit: what it tells is shown, and there is an end to it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccplant_contracts.session import ProviderWait
from ccplant_contracts.stream import AgentStateEvent, Turn
from tests.support.messages_api import OVERLOADED, MessagesApi, Refusal, rate_limited
from tests.support.runner_process import RunnerProcess, runner_process
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.agent, pytest.mark.timeout(240), pytest.mark.xdist_group("claude-code")]

WRONG_KEY = Refusal(401, "authentication_error")


@pytest.fixture
async def claude(
    nats_server: NatsServer,
    tmp_path: Path,
    agent_dir: Path,
    model: MessagesApi,
    request: pytest.FixtureRequest,
) -> AsyncIterator[RunnerProcess]:
    """A session with Claude Code and the settings that the product gives it; the parameter changes its spec."""
    env = {
        "ANTHROPIC_BASE_URL": model.url,
        "ANTHROPIC_API_KEY": "sk-ant-stub",
        "ENABLE_TOOL_SEARCH": "false",
    }
    changes = {
        "env": env,
        "agent": "claude-code",
        "agent_dir": str(agent_dir),
        **getattr(request, "param", {}),
    }
    async with runner_process(nats_server, tmp_path, **changes) as runner:
        await runner.start()
        await runner.ready(90)
        yield runner


def waits(runner: RunnerProcess) -> list[ProviderWait]:
    """Return what was shown of the provider."""
    return [event.provider_wait for event in runner.of_type(AgentStateEvent) if event.provider_wait]


def states(runner: RunnerProcess) -> list[str]:
    """Return the agent's states, in order."""
    return [event.state for event in runner.of_type(AgentStateEvent)]


def end(runner: RunnerProcess) -> Turn:
    """Return the last turn's end."""
    return runner.of_type(Turn)[-1]


@pytest.mark.smoke
async def test_a_limit_is_shown_with_the_next_try_and_passes(
    claude: RunnerProcess, model: MessagesApi
) -> None:
    model.refusals.extend([rate_limited(2), rate_limited(2)])
    before = datetime.now(UTC)
    assert await claude.run_turn("say after all", 60) == ("done", "after all")
    assert [(wait.reason, wait.attempts) for wait in waits(claude)] == [
        ("rate_limited", 1), ("rate_limited", 2),
    ]  # fmt: skip
    first, second = (wait.retry_at for wait in waits(claude))
    assert first is not None
    assert second is not None
    assert 1 < (first - before).total_seconds() < 30
    assert (second - first).total_seconds() > 1
    await eventually(lambda: states(claude)[-2:] == ["working", "ready"])


async def test_an_overload_without_end_fails_the_turn_by_name_and_the_session_goes_on(
    claude: RunnerProcess, model: MessagesApi
) -> None:
    model.refusals.extend([OVERLOADED] * 30)
    state, _ = await claude.run_turn("say never", 100)
    assert state == "failed"
    assert {wait.reason for wait in waits(claude)} == {"overloaded"}
    assert end(claude).stop_reason == "overloaded"
    assert "529" in (end(claude).error or "")
    model.refusals.clear()
    assert await claude.run_turn("say still here", 60) == ("done", "still here")


@pytest.mark.parametrize("claude", [{"provider_wait_seconds": 5}], indirect=True)
async def test_a_turn_that_would_wait_too_long_fails_at_once(
    claude: RunnerProcess, model: MessagesApi
) -> None:
    model.refusals.extend([rate_limited(30)] * 30)
    began = time.monotonic()
    state, _ = await claude.run_turn("say never", 100)
    assert time.monotonic() - began < 25
    assert state == "failed"
    assert end(claude).stop_reason == "rate_limited"
    assert "given up" in (end(claude).error or "")
    model.refusals.clear()
    assert await claude.run_turn("say still here", 60) == ("done", "still here")


async def test_a_wrong_key_is_not_tried_for_minutes(claude: RunnerProcess, model: MessagesApi) -> None:
    model.refusals.extend([WRONG_KEY] * 100)
    state, _ = await claude.run_turn("say never", 60)
    assert state == "failed"
    assert end(claude).stop_reason == "unauthorized"
    assert "401" in (end(claude).error or "")
    assert model.refused < 10


async def test_a_cancel_while_it_waits_is_a_cancel(claude: RunnerProcess, model: MessagesApi) -> None:
    model.refusals.extend([rate_limited(40)] * 30)
    prompt = await claude.prompt("say never")
    await eventually(lambda: waits(claude), 30)
    await claude.cancel(prompt)
    assert await claude.ended(prompt, 30) == "cancelled"
    await eventually(lambda: states(claude)[-1] == "ready")
