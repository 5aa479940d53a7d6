"""A chat at a terminal: a real pseudo-terminal, with a person's keys."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.integration.cli.standin import StandIn, Viewer, permission, prompt, session

ONE = "/api/v1/sessions/session-ann-1"


class Terminal:
    """`ccplant` at a terminal of its own."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ccplant_cli", *arguments], stdin=slave, stdout=slave, stderr=slave,
            env=environment | {"TERM": "xterm", "NO_COLOR": "1"}, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.shown = ""

    def until(self, text: str, seconds: float = 20) -> None:
        """Read until a text has appeared."""
        ends = time.monotonic() + seconds
        while text not in self.shown:
            if not self._read(ends):
                raise AssertionError(f"{text!r} did not appear in:\n{self.shown}")

    def _read(self, ends: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, ends - time.monotonic()))
        if not ready:
            return False
        try:
            piece = os.read(self._master, 65_536)
        except OSError:  # the other side is closed
            return False
        self.shown += piece.decode().replace("\r\n", "\n")
        return bool(piece)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self, seconds: float = 20) -> int:
        """Wait for the end and return the exit code."""
        ends = time.monotonic() + seconds
        while self._read(ends):
            pass
        return self.process.wait(max(0.1, ends - time.monotonic()))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)


@pytest.fixture
def chat(standin: StandIn, environment: dict[str, str]) -> Iterator[Callable[[], Terminal]]:
    standin.answer("GET", ONE, session(last_seq=300))
    standin.answer("POST", f"{ONE}/messages", (202, prompt()))
    standin.answer("POST", f"{ONE}/cancel", (202, prompt("in_progress", cancel_requested=True)))
    standin.answer("POST", f"{ONE}/permissions/perm-1", permission("answered", version=2) | {"applied": True})
    opened: list[Terminal] = []

    def open_chat() -> Terminal:
        opened.append(Terminal(["session", "chat", "session-ann-1"], environment))
        return opened[-1]

    yield open_chat
    for terminal in opened:
        terminal.close()


def test_a_prompt_is_answered_and_quit_leaves(standin: StandIn, chat: Callable[[], Terminal]) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.hello(session(), last_seq=300)
        await viewer.say(300, "Said before.", message_id="m0")
        await viewer.asked("POST", "/messages")
        await viewer.turn(301, "prompt-1", "started")
        user = {"message_id": "prompt-1", "role": "user", "offset": 0, "text": "hello", "final": True}
        await viewer.send("message_chunk", user, 302)
        await viewer.delta(0, "Hi ")
        await viewer.say(303, "Hi there.")
        await viewer.turn(304, "prompt-1", "done")
        await viewer.send("prompt", prompt("done", version=4))
        await viewer.stay()

    standin.connections = [script]
    terminal = chat()
    terminal.until("Said before.\n› ")
    assert terminal.shown.count("›") == 1, "the marker waits for the past"
    terminal.type("hello\n")
    terminal.until("Hi there.\n› ")
    terminal.type("/quit\n")
    assert terminal.end() == 0
    assert terminal.shown.count("hello") == 1, "the prompt is not repeated"
    assert terminal.shown.count("Hi there.") == 1
    assert standin.since == ["200"], "it begins with the last hundred events"


def test_a_permission_is_chosen_by_number_and_never_by_enter(
    standin: StandIn, chat: Callable[[], Terminal]
) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.hello(session(), prompts=[prompt("in_progress")], permissions=[permission()])
        await viewer.asked("POST", "/permissions/perm-1")
        await viewer.send("permission", permission("answered", version=2))
        await viewer.say(301, "Made.")
        await viewer.turn(302, "prompt-1", "done")
        await viewer.stay()

    standin.connections = [script]
    terminal = chat()
    terminal.until("Choose by number (1-2): ")
    assert "Run make" in terminal.shown
    assert "make all" in terminal.shown
    for typed in ("\n", "yes\n", "3\n"):
        before = terminal.shown.count("Enter alone chooses nothing")
        terminal.type(typed)
        while terminal.shown.count("Enter alone chooses nothing") == before:
            assert terminal._read(time.monotonic() + 20), terminal.shown
    assert standin.of("POST", "/permissions/perm-1") == []
    terminal.type("1\n")
    terminal.until("Made.")
    assert standin.of("POST", "/permissions/perm-1")[0].body == {"option": "o-allow"}
    terminal.type("/quit\n")
    assert terminal.end() == 0
    assert standin.of("POST", "/messages") == [], "what was typed as an answer is never a prompt"


def test_a_request_that_is_answered_elsewhere_is_asked_no_longer(
    standin: StandIn, chat: Callable[[], Terminal]
) -> None:
    seen = threading.Event()

    async def script(viewer: Viewer) -> None:
        await viewer.hello(session(), permissions=[permission()])
        assert await asyncio.to_thread(seen.wait, 20)
        await viewer.send("permission", permission("answered", version=2))
        await viewer.stay()

    standin.connections = [script]
    terminal = chat()
    terminal.until("Choose by number (1-2): ")
    seen.set()
    terminal.until("answered elsewhere")
    terminal.until("› ")
    terminal.type("/quit\n")
    assert terminal.end() == 0


def test_ctrl_c_cancels_the_turn_and_a_second_one_leaves(
    standin: StandIn, chat: Callable[[], Terminal]
) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.hello(session(), prompts=[prompt("in_progress", number=3)])
        await viewer.say(301, "Working", final=False)
        await viewer.stay()

    standin.connections = [script]
    terminal = chat()
    terminal.until("Working")
    terminal.interrupt()
    terminal.until("Ctrl-C again leaves.")
    assert standin.of("POST", "/cancel")[0].body == {"prompt_id": "prompt-3"}
    assert terminal.process.poll() is None
    terminal.interrupt()
    assert terminal.end() == 130
    assert len(standin.of("POST", "/cancel")) == 1


def test_a_refusal_is_told_and_the_chat_goes_on(standin: StandIn, chat: Callable[[], Terminal]) -> None:
    refusal = {
        "error": {"code": "CONFLICT", "message": "It is being stopped.", "request_id": "r", "details": {}}
    }
    standin.answer("POST", f"{ONE}/messages", (409, refusal))

    async def script(viewer: Viewer) -> None:
        await viewer.hello(session())
        await viewer.stay()

    standin.connections = [script]
    terminal = chat()
    terminal.until("› ")
    terminal.type("hello\n")
    terminal.until("It is being stopped.\n› ")
    terminal.type("/status\n")
    terminal.until("review (session-ann-1)")
    terminal.type("\x04")
    assert terminal.end() == 0


def test_the_end_of_the_session_ends_the_chat(standin: StandIn, chat: Callable[[], Terminal]) -> None:
    async def script(viewer: Viewer) -> None:
        await viewer.hello(session())
        over = session("terminated", version=9, status_message={"en": "It was stopped by ann.", "ja": "停止"})
        await viewer.send("session", over)
        await viewer.close(1000)

    standin.connections = [script]
    terminal = chat()
    assert terminal.end() == 0
    assert "It was stopped by ann." in terminal.shown
