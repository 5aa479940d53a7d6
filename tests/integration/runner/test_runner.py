"""A real runner with the demo agent on a real bus, with the credential of its launch alone."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import psutil
import pytest

from ccplant_contracts.launch import DeadlineNotice, PromptDelivery, PromptReceipt, Receipt
from ccplant_contracts.policy import PermissionPolicy, PolicyMode
from ccplant_contracts.session import McpServer, Mode
from ccplant_contracts.status import Reason
from ccplant_contracts.stream import (
    AgentStateEvent,
    Idle,
    McpServerEvent,
    PermissionOutcome,
    PermissionRequest,
    Tool,
    Turn,
)
from tests.support.runner_process import RunnerProcess, runner_process
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

Launch = Callable[..., AbstractAsyncContextManager[RunnerProcess]]


@pytest.fixture
def launch(nats_server: NatsServer, tmp_path: Path) -> Launch:
    """Start a launch; changes go into its spec."""

    @asynccontextmanager
    async def started(**changes: object) -> AsyncIterator[RunnerProcess]:
        async with runner_process(nats_server, tmp_path, **changes) as runner:
            await runner.start()
            yield runner

    return started


def gapless(runner: RunnerProcess) -> None:
    assert sorted(runner.stored) == list(range(1, len(runner.stored) + 1))


async def test_a_launch_from_its_spec_to_its_last_word(launch: Launch, tmp_path: Path) -> None:
    async with launch() as runner:
        await runner.ready()
        assert not (tmp_path / "spec.json").exists()
        state, text = await runner.run_turn("hello")
        assert state == "done"
        assert "demo agent" in text
        assert "You said: hello" in text
        word = await runner.stop()
        assert word.reason is None
        assert runner.process is not None
        assert runner.process.returncode == 0
        assert word.last_seq == runner.stored_to
        gapless(runner)
        assert runner.events[0] == AgentStateEvent(state="ready")
        assert runner.text("prompt-1", "user") == "hello"
        assert {beat.step for beat in runner.beats} >= {"ready"}
        assert all(beat.memory_usage for beat in runner.beats)


async def test_previews_come_before_the_chunk_and_fit_into_the_text(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        _, text = await runner.run_turn("stream 40 100")
        await eventually(lambda: len(runner.deltas) > 10)
        for delta in runner.deltas:
            assert text[delta.offset : delta.offset + len(delta.text)] == delta.text


async def test_the_same_prompt_delivered_again_is_run_once(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        delivery = PromptDelivery(prompt_id="p", number=1, text="echo once", by="x")
        states = [(await runner.ask("prompt", delivery, PromptReceipt)).state for _ in range(5)]
        assert states[0] == "accepted"
        await runner.ended("p")
        assert (await runner.ask("prompt", delivery, PromptReceipt)).state == "ended"
        assert runner.turns("p") == ["started", "done"]
        assert runner.text("p") == "once"


async def test_idle_comes_only_after_the_background_has_reported(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        await runner.run_turn("background 3")
        await eventually(lambda: runner.of_type(Idle), 20)
        kinds = [data.state if isinstance(data, AgentStateEvent) else data.type for data in runner.events]
        assert kinds.index("idle") > kinds.index("background")
        assert "The background task is done" in runner.text(None)
        assert runner.of_type(Idle) == [Idle(last_prompt_id="prompt-1", last_number=1)]


async def test_a_stop_interrupts_the_turn_and_everything_said_is_stored(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        prompt = await runner.prompt("stream 5000 200")
        await eventually(lambda: runner.text(prompt))
        word = await runner.stop()
        assert runner.turns(prompt) == ["started", "interrupted"]
        assert word.last_seq == runner.stored_to
        gapless(runner)


async def test_sigterm_is_a_stop(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        assert runner.process is not None
        runner.process.send_signal(signal.SIGTERM)
        assert (await runner.last_word()).reason is None
        assert runner.process.returncode == 0


@pytest.mark.parametrize("how", ["restart", "wipe"])
async def test_nothing_said_is_lost_or_doubled_when_the_bus_goes_away_in_a_turn(
    launch: Launch, nats_server: NatsServer, how: str
) -> None:
    async with launch() as runner:
        await runner.ready()
        prompt = await runner.prompt("stream 300 60")
        await eventually(lambda: len(runner.text(prompt)) > 50)
        getattr(nats_server, how)()
        assert await runner.ended(prompt, 40) == "done"
        gapless(runner)
        assert len(runner.text(prompt).split()) == 300


async def test_a_frozen_bus_costs_nothing_but_time(launch: Launch, nats_server: NatsServer) -> None:
    async with launch() as runner:
        await runner.ready()
        prompt = await runner.prompt("stream 150 50")
        await eventually(lambda: len(runner.text(prompt)) > 50)
        runner.storing = False
        nats_server.freeze()
        beats = len(runner.beats)
        try:
            with pytest.raises(AssertionError):
                await eventually(lambda: len(runner.beats) > beats, 3)
        finally:
            nats_server.thaw()
        runner.storing = True
        assert await runner.ended(prompt, 40) == "done"
        gapless(runner)


async def test_a_full_log_makes_the_agent_wait_and_loses_nothing(launch: Launch) -> None:
    async with launch(log_limit_bytes=200_000) as runner:
        await runner.ready()
        runner.storing = False
        prompt = await runner.prompt("stream 200000 100000")
        await eventually(lambda: [beat for beat in runner.beats if beat.log_full], 30)
        full = max(beat.log_bytes for beat in runner.beats)
        assert full < 400_000
        runner.storing = True
        assert await runner.ended(prompt, 50) == "done"
        assert len(runner.text(prompt).split()) == 200_000
        gapless(runner)


async def test_a_dead_agent_comes_back_with_its_conversation(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        await runner.run_turn("echo first")
        state, _ = await runner.run_turn("crash")
        assert state == "interrupted"
        state, text = await runner.run_turn("history")
        assert state == "done"
        assert text.splitlines()[:2] == ["1. echo first", "2. crash"]
        states = [event.state for event in runner.of_type(AgentStateEvent)]
        assert "restarting" in states
        assert states[-1] == "ready"


async def test_an_agent_killed_while_idle_comes_back(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        await runner.run_turn("echo first")
        assert runner.process is not None
        (agent,) = psutil.Process(runner.process.pid).children()
        agent.kill()
        await eventually(lambda: "restarting" in [event.state for event in runner.of_type(AgentStateEvent)])
        state, text = await runner.run_turn("history")
        assert (state, text.splitlines()[0]) == ("done", "1. echo first")


async def test_an_agent_that_keeps_dying_ends_the_session(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        for _ in range(3):
            assert (await runner.run_turn("crash"))[0] == "interrupted"
        await runner.prompt("crash")
        word = await runner.last_word(30)
        assert (word.reason, word.exit_code) == (Reason.AGENT_CRASHED, 3)
        assert any("asked to crash" in line for line in word.log_tail)
        assert [turn.state for turn in runner.of_type(Turn)] == ["started", "interrupted"] * 4


async def test_an_agent_that_ends_cleanly_ends_the_session(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        assert (await runner.run_turn("exit"))[0] == "done"
        word = await runner.last_word()
        assert (word.reason, word.exit_code) == (Reason.AGENT_ENDED, 0)


async def test_a_turn_that_fails_says_why_and_the_next_one_works(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        assert (await runner.run_turn("fail"))[0] == "failed"
        assert runner.of_type(Turn)[-1].error == "the demo agent was asked to fail"
        assert (await runner.run_turn("echo ok")) == ("done", "ok")


async def test_a_hanging_agent_is_cancelled_by_its_end(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        prompt = await runner.prompt("hang")
        await eventually(lambda: runner.text(prompt))
        await runner.cancel(prompt)
        assert await runner.ended(prompt, 30) == "cancelled"
        assert (await runner.run_turn("echo back")) == ("done", "back")


@pytest.mark.parametrize("word", ["spawn", "hang"])
async def test_nothing_that_the_agent_started_outlives_the_launch(launch: Launch, word: str) -> None:
    async with launch() as runner:
        await runner.ready()
        assert runner.process is not None
        prompt = await runner.prompt(word)
        await eventually(lambda: runner.text(prompt))
        if word == "spawn":
            await runner.ended(prompt)
        below = psutil.Process(runner.process.pid).children(recursive=True)
        assert len(below) == (2 if word == "spawn" else 1)
        await runner.stop(2)
        assert not [
            process for process in below if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        ]


@pytest.mark.parametrize(("kind", "state"), [("allow_once", "completed"), ("reject_once", "failed")])
async def test_people_answer_permission_requests(
    launch: Launch, tmp_path: Path, kind: str, state: str
) -> None:
    async with launch() as runner:
        await runner.ready()
        prompt = await runner.prompt("ask")
        request = await runner.permission()
        assert request.policy_answer is None
        assert request.tool == {
            "name": "Write",
            "kind": "edit",
            "input": {"file_path": "demo.txt", "content": "demo\n"},
        }
        assert not runner.of_type(Idle)
        assert await runner.decide(request, kind) == Receipt(ok=True, detail="applied")  # type: ignore[arg-type]
        assert await runner.ended(prompt) == "done"
        assert await runner.decide(request, "allow_once") == Receipt(ok=True, detail="applied")
        assert runner.of_type(Tool)[-1].status == state
        assert (tmp_path / "workspace" / "demo.txt").exists() == (state == "completed")
        assert [outcome.outcome for outcome in runner.of_type(PermissionOutcome)] == ["applied"]


async def test_a_cancelled_turn_withdraws_its_request(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        prompt = await runner.prompt("ask")
        request = await runner.permission()
        await runner.cancel(prompt)
        assert await runner.ended(prompt) == "cancelled"
        assert await runner.decide(request, "allow_once") == Receipt(ok=True, detail="not_applied")
        assert [outcome.outcome for outcome in runner.of_type(PermissionOutcome)] == ["not_applied"]


async def test_the_policy_answers_where_nobody_is_there(launch: Launch, tmp_path: Path) -> None:
    policy = PermissionPolicy(mode=PolicyMode.RULES, allow=("Write", "Bash(echo:*)"))
    async with launch(mode=Mode.TASK, policy=policy) as runner:
        await runner.ready()
        await runner.run_turn("ask")
        await runner.run_turn("run echo fine > /dev/null")
        await runner.run_turn("run echo fine; touch owned")
        answers = [
            (request.policy_answer, request.policy_rule) for request in runner.of_type(PermissionRequest)
        ]
        assert answers == [
            ("allow_once", "allow Write"),
            ("allow_once", "allow Bash(echo:*)"),
            ("reject_once", "no rule allows it"),
        ]
        assert (tmp_path / "workspace" / "demo.txt").exists()
        assert not (tmp_path / "workspace" / "owned").exists()


async def test_secrets_are_in_no_event_and_no_log_line_and_the_agent_has_its_own_environment_only(
    launch: Launch,
) -> None:
    secret = "correct-horse-battery"
    async with launch(
        env={"API_KEY": secret, "PLAIN": "shown"}, secrets=(secret,), setup_script="echo $API_KEY"
    ) as runner:
        await runner.ready()
        assert (await runner.run_turn("env API_KEY"))[1] == "API_KEY=***"
        assert (await runner.run_turn("env PLAIN"))[1] == "PLAIN=shown"
        assert (await runner.run_turn("env PYTEST_CURRENT_TEST"))[1] == "PYTEST_CURRENT_TEST="
        await runner.prompt(f"echo {secret}")
        await runner.stop()
        everything = "".join(event.model_dump_json() for event in runner.events) + runner.log.decode()
        everything += "".join(delta.text for delta in runner.deltas)
        assert secret not in everything
        assert (runner.spec.bus.seed or "no") not in everything


async def test_a_big_result_is_cut_at_once_and_kept_whole_elsewhere(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        await runner.run_turn("bigtool 5000000")
        tools = lambda: [tool for tool in runner.of_type(Tool) if tool.content and tool.content[0].blob_id]  # noqa: E731
        (tool,) = await eventually(tools)
        content = tool.content[0]
        assert content.truncated
        assert content.size == 5_000_000
        assert len(runner.blobs[content.blob_id or ""]) == 5_000_000
        assert bytes(runner.blobs[content.blob_id or ""][:100]).decode() == (content.text or "")[:100]
        assert max(len(event.model_dump_json()) for event in runner.stored.values()) < 256_000


async def test_mcp_servers_report_and_a_failing_one_holds_nothing_back(
    launch: Launch, tmp_path: Path
) -> None:
    good = tmp_path / "server.py"
    good.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    message = json.loads(line)\n"
        "    if 'id' in message:\n"
        "        print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], 'result': {}}), flush=True)\n"
    )
    servers = {
        "good": McpServer(command=sys.executable, args=(str(good),)),
        "bad": McpServer(command="/bin/sh", args=("-c", "echo no such key >&2; exit 7")),
        "missing": McpServer(command="/no/such/program"),
        "silent": McpServer(command="/bin/sleep", args=("600",)),
    }
    async with launch(mcp_servers=servers) as runner:
        await runner.ready()
        assert (await runner.run_turn("echo here"))[0] == "done"

        def last() -> dict[str, tuple[str, str | None]]:
            return {event.name: (event.state, event.error) for event in runner.of_type(McpServerEvent)}

        await eventually(lambda: len([1 for state, _ in last().values() if state != "starting"]) == 3)
        assert last()["good"] == ("ready", None)
        assert "exit code 7" in str(last()["bad"][1])
        assert "no such key" in str(last()["bad"][1])
        assert last()["missing"][0] == "failed"
        assert last()["silent"] == ("starting", None)


@pytest.mark.parametrize(
    ("changes", "reason", "words", "code"),
    [
        (
            {"repository": "file:///no/such/repository"},
            Reason.CLONE_FAILED,
            "does not appear to be a git repository",
            128,
        ),
        ({"setup_script": "echo preparing; exit 9"}, Reason.SETUP_FAILED, "exit code 9", 9),
        ({"agent": "nobody"}, Reason.AGENT_CRASHED, 'no agent "nobody"', None),
        (
            {"setup_script": "sleep 600", "start_timeout_seconds": 1.0},
            Reason.START_TIMEOUT,
            "not ready after 1 s",
            None,
        ),
    ],
)
async def test_a_start_that_fails_says_why(
    launch: Launch, changes: dict[str, object], reason: Reason, words: str, code: int | None
) -> None:
    async with launch(**changes) as runner:
        word = await runner.last_word()
        assert word.reason is reason
        assert words in (word.detail or "")
        assert word.exit_code == code
        assert not runner.registrations
        assert runner.process is not None
        assert runner.process.returncode == 1
        if "preparing" in str(changes):
            assert "preparing" in word.log_tail


async def test_a_runner_that_is_refused_ends_itself_and_says_nothing(
    launch: Launch, nats_server: NatsServer
) -> None:
    async with launch() as runner:
        runner.refuse = True
        word = await runner.last_word()
        assert runner.process is not None
        assert runner.process.returncode == 3
        assert "not the current launch" in (word.detail or "")
        assert not runner.stored


async def test_the_time_limit_ends_a_runner_whose_control_plane_is_away(launch: Launch) -> None:
    async with launch(control_plane_grace_seconds=0.2, stop_grace_seconds=1.0) as runner:
        await runner.ready()
        await runner.ask("deadline", DeadlineNotice(seconds_left=100.0), Receipt)
        runner.deaf_to_registrations = True
        await runner.ask("deadline", DeadlineNotice(seconds_left=0.1), Receipt)
        assert (await runner.last_word()).reason is Reason.TIMEOUT


async def test_a_runner_that_missed_that_its_limit_was_moved_asks_before_it_ends(launch: Launch) -> None:
    async with launch(control_plane_grace_seconds=0.2) as runner:
        await runner.ready()
        # a turn shows that the answer to the registration, which brings a limit too, was taken
        assert (await runner.run_turn("echo here")) == ("done", "here")
        asked = len(runner.registrations)
        runner.seconds_left = 1_000.0
        await runner.ask("deadline", DeadlineNotice(seconds_left=0.1), Receipt)
        await eventually(lambda: len(runner.registrations) > asked)
        await runner.prompt("go on")


async def test_a_runner_waits_for_a_control_plane_that_does_not_answer_yet(launch: Launch) -> None:
    async with launch() as runner:
        runner.deaf_to_registrations = True
        await eventually(lambda: runner.registrations)
        runner.deaf_to_registrations = False
        await eventually(lambda: len(runner.registrations) > 1)
        assert (await runner.run_turn("echo here")) == ("done", "here")


async def test_what_the_runner_said_is_on_disk_when_it_is_killed(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        runner.storing = False
        await runner.prompt("stream 100 1000")
        assert runner.process is not None
        log = Path(runner.spec.state_dir) / "wal"
        await eventually(
            lambda: b'"state":"done"' in b"".join(path.read_bytes() for path in sorted(log.glob("*.jsonl")))
        )
        below = psutil.Process(runner.process.pid).children(recursive=True)
        os.kill(runner.process.pid, signal.SIGKILL)
        await runner.process.wait()
        lines = b"".join(path.read_bytes() for path in sorted(log.glob("*.jsonl"))).splitlines()
        assert [f'"seq":{number},'.encode() in line for number, line in enumerate(lines, 1)] == [True] * len(
            lines
        )
        # its pipes are closed: the agent ends by itself
        psutil.wait_procs(below, timeout=30)


async def test_text_of_any_kind_survives(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        text = '日本語 🎉 \x01\t"quotes" \\ back'
        assert (await runner.run_turn(f"echo {text}")) == ("done", text)


async def test_a_conversation_goes_on_in_another_launch_on_the_same_home(
    launch: Launch, nats_server: NatsServer, tmp_path: Path
) -> None:
    async with launch() as first:
        await first.ready()
        await first.run_turn("echo remember me")
        conversation = first.registrations[-1].conversation
        assert conversation
        await first.stop()
    shutil.copytree(tmp_path / "state" / "home", tmp_path / "next" / "state" / "home")
    async with runner_process(nats_server, tmp_path / "next", conversation=conversation) as second:
        await second.start()
        await second.ready()
        assert second.process is not None
        (agent,) = psutil.Process(second.process.pid).children()
        agent.kill()  # before it was spoken to here: it must not come back with a new one
        await eventually(lambda: len(second.registrations) >= 2)
        assert {known.conversation for known in second.registrations} == {conversation}
        _, text = await second.run_turn("history")
        assert "echo remember me" in text


async def test_an_agent_that_does_not_know_the_conversation_does_not_pretend_to(launch: Launch) -> None:
    async with launch(conversation="demo-of-another-place") as runner:
        word = await runner.last_word()
        assert word.reason is Reason.AGENT_CRASHED
        assert "cannot go on with demo-of-another-place" in str(word.detail)
        assert runner.registrations == []


async def test_an_agent_that_died_unspoken_to_tells_its_new_conversation(launch: Launch) -> None:
    async with launch() as runner:
        await runner.ready()
        assert runner.process is not None
        (agent,) = psutil.Process(runner.process.pid).children()
        agent.kill()
        await eventually(lambda: len({known.conversation for known in runner.registrations}) == 2)
        await runner.run_turn("echo hello")
        conversation = runner.registrations[-1].conversation
        kept = runner.folder / "state" / "home" / f".{conversation}.json"
        assert "echo hello" in kept.read_text()
