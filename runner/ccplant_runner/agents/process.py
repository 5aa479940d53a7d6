"""An agent's process: a session and process group of its own, so that the whole group can be ended.

Ending only the process that was started leaves its children behind: a killed adapter orphans the real agent and every
tool that it was running. Stderr is always read (a full pipe would stop the agent), line by line and bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ccplant_runner.agents.driver import AgentExit, AgentGoneError, AgentStartError

MAX_FRAME = 64 << 20
"""The longest line that an agent may send: a tool's result comes as one."""
_MAX_LOG_LINE = 16_384


class AgentProcess:
    """A started agent: lines in, lines out."""

    def __init__(self, process: asyncio.subprocess.Process, on_line: Callable[[str], None]) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("an agent needs all three pipes")
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._errors = asyncio.create_task(drain_lines(process.stderr, on_line), name="agent-stderr")

    @classmethod
    async def start(
        cls, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], on_line: Callable[[str], None]
    ) -> AgentProcess:
        """Start the command.

        Raises:
            AgentStartError: there is no such program.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=cwd,
                env=dict(env),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                limit=MAX_FRAME,
            )
        except OSError as error:
            raise AgentStartError(f"{command[0]} cannot be started: {error.strerror or error}") from error
        return cls(process, on_line)

    @property
    def pid(self) -> int:
        """Of the process; also the id of its group."""
        return self._process.pid

    async def read_line(self) -> bytes:
        """Return the next line; empty at the end.

        Raises:
            AgentGoneError: a line without an end: that is not an agent speaking.
        """
        try:
            return await self._stdout.readline()
        except ValueError as error:
            raise AgentGoneError("the agent sent a line that is too long") from error

    async def write_line(self, line: bytes) -> None:
        """Send one line.

        Raises:
            AgentGoneError: nobody reads it any more, and nobody has read all of it.
        """
        try:
            self._stdin.write(line + b"\n")
            await self._stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise AgentGoneError("the agent is gone", told=False) from error

    async def wait(self) -> AgentExit:
        """Return when the process has ended."""
        code = await self._process.wait()
        return AgentExit(code, None) if code >= 0 else AgentExit(None, -code)

    async def stop(self, grace: float) -> None:
        """Close its input, then SIGTERM to the group, then SIGKILL."""
        with contextlib.suppress(OSError, RuntimeError):
            self._stdin.close()
        if not await self._ended_within(min(0.5, grace / 4)):
            self.signal_group(signal.SIGTERM)
            await self._ended_within(grace)
        self.signal_group(signal.SIGKILL)
        await self._process.wait()
        self._errors.cancel()
        await asyncio.gather(self._errors, return_exceptions=True)

    def signal_group(self, number: signal.Signals) -> None:
        """Signal every process of the group that is left, also when the first one is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    async def _ended_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return False
        return True


async def drain_lines(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    """Hand on every line of a stream; one without an end comes in pieces."""
    pending = b""
    while piece := await stream.read(_MAX_LOG_LINE):
        pending += piece
        *lines, pending = pending.replace(b"\r", b"\n").split(b"\n")
        if len(pending) > _MAX_LOG_LINE:
            lines.append(pending)
            pending = b""
        for line in lines:
            if line.strip():
                on_line(line.decode("utf-8", "replace"))
    if pending.strip():
        on_line(pending.decode("utf-8", "replace"))
