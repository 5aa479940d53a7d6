"""The program of the demo agent: no model, scripted by the prompt's first word (``help`` lists the words).

It exists so that the whole system can be seen and tested without a key. It says that it is a demo. It uses the standard
library alone and starts in a few milliseconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

VERSION = "0.1.0"

INTRODUCTION = """This is ccplant's demo agent: there is no model behind it. It shows how a session works.
To talk to the real Claude Code: `ccplant agent install claude-code`, set ANTHROPIC_API_KEY, and create the session with \
`"agent": "claude-code"` (or start ccplant with `--agent claude-code`).
Say `help` to see what the demo can do."""

HELP = """What the demo agent understands (the first word of a prompt):

| word | what happens |
| --- | --- |
| echo TEXT | says TEXT |
| stream N [PER_SECOND] | streams N words, 20 a second unless told |
| think | thinks aloud, then answers |
| plan | works through a plan |
| tool | runs a scripted tool call |
| bigtool [BYTES] | a tool call with a big result (5,000,000 bytes) |
| ask | asks for permission to write a file |
| run COMMAND | asks for permission to run COMMAND, and runs it |
| env NAME | shows an environment variable of the agent |
| attached | says what the files are that came with the message |
| usage | reports token usage |
| sleep SECONDS | works quietly |
| background SECONDS | ends the turn and goes on working in the background |
| spawn | leaves a process behind, in a session of its own |
| history | repeats what was said before, also after a restart |
| fail | ends the turn with an error |
| hang | never answers, not even a cancel |
| crash | dies |
| exit | ends cleanly |
"""

WORDS = [
    "the",
    "agent",
    "reads",
    "a",
    "file",
    "then",
    "edits",
    "it",
    "and",
    "runs",
    "the",
    "tests",
    "again",
    "until",
    "every",
    "one",
    "of",
    "them",
    "is",
    "green",
    "while",
    "you",
    "watch",
    "each",
    "step",
    "as",
    "it",
    "happens",
]

OPTIONS = [
    {"option_id": "yes", "name": "Allow", "kind": "allow_once"},
    {"option_id": "always", "name": "Always allow", "kind": "allow_always"},
    {"option_id": "no", "name": "Reject", "kind": "reject_once"},
]

_lock = threading.Lock()


def say(kind: str, /, **body: object) -> None:
    """Tell the runner something; blocks while it does not read, as a real agent would."""
    line = json.dumps({"say": kind, **body}) + "\n"
    with _lock:
        sys.stdout.write(line)
        sys.stdout.flush()


def new_id(prefix: str) -> str:
    return f"{prefix}-{os.urandom(6).hex()}"


def tool(call_id: str, title: str, status: str, **more: object) -> None:
    """Report a tool call as it stands."""
    say("tool", tool={"tool_call_id": call_id, "title": title, "status": status, **more})


class Demo:
    """One conversation."""

    def __init__(self) -> None:
        self.turn: asyncio.Task[None] | None = None
        self.answers: dict[str, asyncio.Future[str | None]] = {}
        self.background: set[asyncio.Task[None]] = set()
        self.conversation = ""
        self.history: list[str] = []
        self.files: list[dict[str, str]] = []
        self.words: dict[str, Callable[[str], Awaitable[str | None]]] = {
            "help": self.help, "echo": self.echo, "stream": self.stream, "think": self.think, "plan": self.plan,
            "tool": self.tool, "bigtool": self.bigtool, "ask": self.ask, "run": self.run, "env": self.env,
            "attached": self.attached,
            "usage": self.usage, "sleep": self.sleep, "background": self.work_on, "spawn": self.spawn,
            "history": self.recall, "fail": self.fail, "hang": self.hang, "crash": self.crash, "exit": self.leave,
        }  # fmt: skip

    # --- the conversation ---

    def begin(self, resume: str | None) -> None:
        """Begin a conversation, or go on with an earlier one.

        Raises:
            OSError: there is no such conversation here.
            ValueError: it cannot be read.
        """
        self.conversation = resume or new_id("demo")
        if resume is not None:
            self.history = json.loads(self._file().read_text())
        self.keep_history()

    def remember(self, text: str) -> None:
        """Keep what was asked where a later process finds it."""
        self.history.append(text)
        self.keep_history()

    def keep_history(self) -> None:
        """Write all that was asked."""
        draft = self._file().with_suffix(".new")
        draft.write_text(json.dumps(self.history))
        draft.replace(self._file())

    def _file(self) -> Path:
        return Path(os.environ.get("HOME", ".")) / f".{self.conversation}.json"

    async def take(self, text: str) -> None:
        """Run one turn."""
        self.remember(text)
        word, _, rest = text.strip().partition(" ")
        action = self.words.get(word.lower(), None)
        try:
            if action is None:
                await self.write(f"{INTRODUCTION}\n\nYou said: {text}")
                reason = None
            else:
                reason = await action(rest.strip())
        except asyncio.CancelledError:
            say("done", stop_reason="cancelled")
        except DemoFailureError as failure:
            say("failed", error=str(failure))
        except (OSError, ValueError) as error:
            say("failed", error=f"{type(error).__name__}: {error}")
        else:
            say("done", stop_reason=reason or "end_turn")

    async def write(self, text: str, kind: str = "message", per_second: float = 200.0) -> None:
        """Stream a text word by word."""
        message_id = new_id("msg")
        pieces = re.findall(r"\S+\s*|\s+", text)
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number, piece in enumerate(pieces):
            say("text", text=piece, kind=kind, message_id=message_id)
            # by the clock, not by adding sleeps: the rate is what was asked for
            await asyncio.sleep(max(0.0, start + (number + 1) / per_second - loop.time()))

    # --- the words ---

    async def help(self, _: str) -> None:
        await self.write(HELP, per_second=2_000)

    async def echo(self, text: str) -> None:
        await self.write(text, per_second=1_000)

    async def stream(self, rest: str) -> None:
        count, _, rate = rest.partition(" ")
        words = (WORDS[number % len(WORDS)] for number in range(int(count or 100)))
        await self.write(" ".join(words), per_second=float(rate.strip().removesuffix("/s") or 20))

    async def think(self, _: str) -> None:
        await self.write(
            "Let me see. The demo has nothing to think about, but this is how it looks.", kind="thought"
        )
        await self.write("I have thought about it.")

    async def plan(self, _: str) -> None:
        steps = ["Read the code", "Change it", "Run the tests"]
        for done in range(len(steps) + 1):
            states = [
                "completed" if n < done else "in_progress" if n == done else "pending"
                for n in range(len(steps))
            ]
            entries = [{"content": step, "status": state} for step, state in zip(steps, states, strict=True)]
            say("plan", entries=entries)
            await asyncio.sleep(0.1)
        await self.write("The plan is done.")

    async def tool(self, _: str) -> None:
        call = new_id("tool")
        more = {
            "name": "Read",
            "kind": "read",
            "input": {"file_path": "README.md"},
            "locations": ["README.md"],
        }
        tool(call, "Read README.md", "pending", **more)
        await asyncio.sleep(0.05)
        tool(call, "Read README.md", "in_progress", **more)
        await asyncio.sleep(0.1)
        content = [{"kind": "text", "text": "# A demo\nThis is what the file would say."}]
        tool(call, "Read README.md", "completed", content=content, **more)
        await self.write("I read the file.")

    async def bigtool(self, rest: str) -> None:
        size = int(rest or 5_000_000)
        line = hashlib.sha256(str(size).encode()).hexdigest() + "\n"
        call = new_id("tool")
        tool(call, f"Print {size} bytes", "in_progress", name="Bash", kind="execute")
        content = [{"kind": "text", "text": (line * (size // len(line) + 1))[:size]}]
        tool(call, f"Print {size} bytes", "completed", name="Bash", kind="execute", content=content)
        await self.write("That was big.")

    async def permitted(
        self, title: str, call: str, name: str, kind: str, given: dict[str, str]
    ) -> str | None:
        """Ask; return the option that was chosen."""
        ask_id = new_id("ask")
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self.answers[ask_id] = answer
        say(
            "ask", ask_id=ask_id, title=title, tool_call_id=call, tool_name=name, tool_input=given, tool_kind=kind,
            options=OPTIONS,
        )  # fmt: skip
        try:
            return await answer
        finally:
            del self.answers[ask_id]

    async def ask(self, _: str) -> None:
        call, title = new_id("tool"), "Write demo.txt"
        more: dict[str, Any] = {
            "name": "Write",
            "kind": "edit",
            "input": {"file_path": "demo.txt", "content": "demo\n"},
        }
        tool(call, title, "pending", **more)
        choice = await self.permitted(title, call, "Write", "edit", more["input"])
        if choice not in ("yes", "always"):
            tool(call, title, "failed", **more)
            await self.write("You said no, so I did not write it.")
            return
        await asyncio.to_thread(Path("demo.txt").write_text, "demo\n")
        diff = [{"kind": "diff", "path": "demo.txt", "old_text": None, "new_text": "demo\n"}]
        tool(call, title, "completed", content=diff, **more)
        await self.write("I wrote demo.txt.")

    async def run(self, command: str) -> None:
        call, more = new_id("tool"), {"name": "Bash", "kind": "execute", "input": {"command": command}}
        tool(call, command, "pending", **more)
        choice = await self.permitted(command, call, "Bash", "execute", {"command": command})
        if choice not in ("yes", "always"):
            tool(call, command, "failed", **more)
            await self.write("You said no, so I did not run it.")
            return
        tool(call, command, "in_progress", **more)
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        status = "completed" if process.returncode == 0 else "failed"
        tool(
            call,
            command,
            status,
            content=[{"kind": "text", "text": output.decode("utf-8", "replace")}],
            **more,
        )
        await self.write(f"It ended with {process.returncode}.")

    async def env(self, name: str) -> None:
        await self.write(f"{name}={os.environ.get(name, '')}")

    async def attached(self, _: str) -> None:
        if not self.files:
            await self.write("No file came with this message.")
            return
        lines = []
        for file in self.files:
            content = await asyncio.to_thread(Path(file["path"]).read_bytes)
            digest = hashlib.sha256(content).hexdigest()
            lines.append(f"{file['name']}: {len(content)} bytes, sha256 {digest}, at {file['path']}")
        await self.write("\n".join(lines), per_second=1_000)

    async def usage(self, _: str) -> None:
        turns = len(self.history)
        say("usage", usage={"input_tokens": 100 * turns, "output_tokens": 20 * turns, "context_used": 120 * turns,
                            "context_size": 200_000, "cost_usd": 0.0})  # fmt: skip
        await self.write("I have used what the figures say (they are made up: this is the demo).")

    async def sleep(self, rest: str) -> None:
        await asyncio.sleep(float(rest or 1))
        await self.write("I am awake.")

    async def work_on(self, rest: str) -> None:
        task = asyncio.create_task(self._background(float(rest or 5)))
        self.background.add(task)
        say("background", count=len(self.background))
        await self.write("I go on in the background.")

    async def _background(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        say("own_turn", active=True)
        self.background.discard(asyncio.current_task())
        say("background", count=len(self.background))
        await self.write(f"The background task is done after {seconds:g} s.")
        say("own_turn", active=False)

    async def spawn(self, _: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", "-c", "import time; time.sleep(3600)",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        await self.write(f"I left process {process.pid} behind.")

    async def recall(self, _: str) -> None:
        await self.write("\n".join(f"{number}. {text}" for number, text in enumerate(self.history, 1)))

    async def fail(self, _: str) -> None:
        await self.write("This will not work.")
        raise DemoFailureError("the demo agent was asked to fail")

    async def hang(self, _: str) -> None:
        say("text", text="I hang now.", kind="message", message_id=new_id("msg"))
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Event().wait()

    async def crash(self, _: str) -> None:
        say("text", text="I die now.", kind="message", message_id=new_id("msg"))
        sys.stderr.write("demo agent: asked to crash\n")
        sys.stderr.flush()
        os._exit(3)

    async def leave(self, _: str) -> str:
        await self.write("Goodbye.")
        asyncio.get_running_loop().call_later(0.05, os._exit, 0)
        return "end_turn"

    # --- what the runner says ---

    def told(self, body: dict[str, Any]) -> None:
        """Take one message of the runner."""
        match body["do"]:
            case "start":
                try:
                    self.begin(body["resume"])
                except (OSError, ValueError) as error:
                    # a new conversation in place of the old one would pretend to remember
                    say("refused", error=f"cannot go on with {body['resume']}: {error}")
                    return
                say("ready", version=VERSION, conversation=self.conversation)
                if body["mcp_servers"]:
                    # started isolated: this folder is not searched by itself
                    sys.path.insert(0, str(Path(__file__).parent))
                    self.keep(importlib.import_module("mcp_servers").start_servers(body["mcp_servers"], say))
            case "prompt":
                self.files = body["files"]
                self.turn = asyncio.create_task(self.take(body["text"]))
            case "cancel":
                if self.turn is not None:
                    self.turn.cancel()
            case "answer":
                answer = self.answers.get(body["ask_id"])
                if answer is not None and not answer.done():
                    answer.set_result(body["option_id"])

    def keep(self, work: Awaitable[None]) -> None:
        """Hold on to a task so that it is not collected."""
        task = asyncio.ensure_future(work)
        self._kept = task


class DemoFailureError(Exception):
    """The turn is to end with an error."""


async def main() -> None:
    demo = Demo()
    reader = asyncio.StreamReader(limit=64 << 20)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        demo.told(json.loads(line))


if __name__ == "__main__":
    asyncio.run(main())
