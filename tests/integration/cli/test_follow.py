"""A turn followed by a script: all of its text once, an exit code that tells the outcome, whatever the connection does."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.conftest import Run
from tests.integration.cli.standin import StandIn, Viewer, permission, prompt, session

ONE = "/api/v1/sessions/session-ann-1"
CREATE = ("session", "create", "-m", "hi", "--follow")


@pytest.fixture(autouse=True)
def _answers(standin: StandIn) -> None:
    standin.answer("POST", "/api/v1/sessions", (201, session("pending", prompt_id="prompt-1")))
    standin.answer("GET", ONE, session())


def test_the_answer_alone_is_on_stdout_once_and_all_of_it(standin: StandIn, run: Run) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.hello(session(), prompts=[prompt("in_progress")])
        await viewer.delta(0, "Hel")
        await viewer.turn(1, "prompt-1", "started")
        user = {"message_id": "prompt-1", "role": "user", "offset": 0, "text": "hi", "final": True}
        await viewer.send("message_chunk", user, 2)
        await viewer.delta(3, "lo, ")
        await viewer.say(3, "Hello, wor", final=False)
        await viewer.delta(10, "ld")
        await viewer.send("tool", {"tool_call_id": "t", "title": "Run tests", "status": "completed"}, 4)
        await viewer.send("prompt", prompt("done", version=3))
        await viewer.say(5, "ld.", offset=10)
        await viewer.turn(6, "prompt-1", "done")
        await viewer.stay()

    standin.connections = [script]
    done = run(*CREATE)
    assert (done.returncode, done.stdout) == (0, "Hello, world.\n"), done.stderr
    assert "✓ Run tests" in done.stderr
    assert "› hi" not in done.stderr
    assert standin.since == ["0"]
    assert standin.socket_headers[0]["authorization"] == "Bearer ccp_test"


def test_a_broken_connection_is_resumed_after_the_last_durable_event(standin: StandIn, run: Run) -> None:
    async def first(viewer: Viewer) -> None:
        await viewer.hello(session(), prompts=[prompt("in_progress")])
        await viewer.say(1, "one ", final=False)
        await viewer.delta(4, "tw")
        await viewer.close(1013)

    async def second(viewer: Viewer) -> None:
        await viewer.hello(session(), prompts=[prompt("in_progress")])
        await viewer.say(1, "one ", final=False)
        await viewer.say(2, "two ", offset=4, final=False)
        await viewer.close(1001)

    async def third(viewer: Viewer) -> None:
        await viewer.hello(session(), prompts=[prompt("done", version=3)])
        await viewer.say(3, "three", offset=8)
        await viewer.turn(4, "prompt-1", "done")
        await viewer.stay()

    standin.connections = [first, second, third]
    done = run(*CREATE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.replace("\n", "") == "one two three"
    assert standin.since == ["0", "1", "2"]


@pytest.mark.parametrize(("state", "code"), [("failed", 1), ("interrupted", 8), ("cancelled", 8)])
def test_the_exit_code_tells_the_outcome(standin: StandIn, run: Run, state: str, code: int) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.hello(session(), prompts=[prompt("in_progress")])
        await viewer.turn(1, "prompt-1", state, "because")
        await viewer.stay()

    standin.connections = [script]
    done = run(*CREATE)
    assert done.returncode == code
    assert "because" in done.stderr


def test_a_prompt_that_no_turn_will_tell_about_ends_by_its_document(standin: StandIn, run: Run) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.hello(session("pending"), prompts=[prompt("queued")])
        await viewer.send(
            "session", session("failed", version=2, status_message={"en": "Not cloned.", "ja": "x"})
        )
        await viewer.send("prompt", prompt("undelivered", version=2))
        await viewer.close(1000)

    standin.connections = [script]
    done = run(*CREATE)
    assert done.returncode == 8
    assert "Not cloned." in done.stderr
    assert "not delivered" in done.stderr


def test_a_task_is_followed_to_the_end_of_its_session(standin: StandIn, run: Run) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.hello(session(), prompts=[prompt("in_progress")])
        await viewer.turn(1, "prompt-1", "done")
        await viewer.say(2, "More, from the background.")
        await viewer.send("session", session("completed", version=5))
        await viewer.send("error", {"code": "ENDED", "message": "You have all of it."})
        await viewer.close(1000)

    standin.connections = [script]
    done = run(*CREATE, "--mode", "task")
    assert (done.returncode, done.stdout) == (0, "More, from the background.\n"), done.stderr
    assert "You have all of it." not in done.stderr, "an ordinary end is no error"


def test_where_nobody_can_choose_a_permission_request_is_told_and_left_alone(
    standin: StandIn, run: Run
) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.hello(session(), prompts=[prompt("in_progress")], permissions=[permission()])
        await viewer.turn(1, "prompt-1", "done")
        await viewer.stay()

    standin.connections = [script]
    done = run(*CREATE, stdin="1\n\n")
    assert done.returncode == 0
    assert "ccplant session answer session-ann-1 perm-1" in done.stderr
    assert standin.of("POST", "/permissions/perm-1") == []


def test_programs_get_each_frame_as_a_line_and_no_preview(standin: StandIn, run: Run) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.hello(session(), prompts=[prompt("in_progress")])
        await viewer.delta(0, "Hel")
        await viewer.say(1, "Hello")
        await viewer.turn(2, "prompt-1", "done")
        await viewer.stay()

    standin.connections = [script]
    done = run(*CREATE, "--json")
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    assert [frame.get("type") for frame in frames] == [None, "hello", "message_chunk", "turn"]


@pytest.mark.parametrize(("close", "code"), [(4404, 3), (1008, 4)])
def test_what_cannot_be_had_again_ends_at_once(standin: StandIn, run: Run, close: int, code: int) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.close(close)

    standin.connections = [script]
    assert run(*CREATE).returncode == code


def test_each_line_of_a_pipe_is_a_prompt_sent_when_the_one_before_has_ended(
    standin: StandIn, run: Run
) -> None:
    sent = f"{ONE}/messages"
    standin.answer("POST", sent, (202, prompt(number=1)), (202, prompt(number=2)))

    async def script(viewer: Viewer) -> None:
        await viewer.hello(session())
        await viewer.asked("POST", "/messages", 1)
        await viewer.say(1, "first answer", message_id="m1")
        assert len(viewer._standin.of("POST", "/messages")) == 1
        await viewer.turn(2, "prompt-1", "done")
        await viewer.asked("POST", "/messages", 2)
        await viewer.say(3, "second answer", message_id="m2")
        await viewer.turn(4, "prompt-2", "done")
        await viewer.stay()

    standin.connections = [script]
    done = run("session", "chat", "session-ann-1", stdin="one\\\nmore\n\ntwo\n")
    assert (done.returncode, done.stdout) == (0, "first answer\nsecond answer\n"), done.stderr
    asked = standin.of("POST", "/messages")
    assert [item.body["text"] for item in asked] == ["one\nmore", "two"]
    assert len({item.headers["idempotency-key"] for item in asked}) == 2


def test_a_turn_that_fails_stops_the_lines_behind_it(standin: StandIn, run: Run) -> None:
    standin.answer("POST", f"{ONE}/messages", (202, prompt(number=1)))

    async def script(viewer: Viewer) -> None:
        await viewer.hello(session())
        await viewer.asked("POST", "/messages", 1)
        await viewer.turn(1, "prompt-1", "failed", "no")
        await viewer.stay()

    standin.connections = [script]
    assert run("session", "chat", "session-ann-1", stdin="one\ntwo\n").returncode == 1
    assert len(standin.of("POST", "/messages")) == 1


def test_a_session_that_is_over_cannot_be_talked_to(standin: StandIn, run: Run) -> None:
    standin.answer("GET", ONE, session("completed"))
    done = run("session", "chat", "session-ann-1", stdin="one\n")
    assert done.returncode == 5
    assert "ccplant session recreate" in done.stderr
