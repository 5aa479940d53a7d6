"""Drives the demo agent: a process of its own, so that its crash, hang and kill are real.

The two speak one JSON object per line: ``{"do": …}`` to the agent, ``{"say": …}`` from it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ccplant_contracts.prompt import PermissionOption
from ccplant_contracts.session import AgentInfo, McpServerState, TokenUsage
from ccplant_contracts.stream import PlanEntry, Tool
from ccplant_runner.agents.driver import (
    AgentExit,
    AgentGoneError,
    AgentListener,
    AgentReady,
    AgentSetting,
    AgentStartError,
    AgentUpdate,
    BackgroundChanged,
    McpChanged,
    OwnTurn,
    PermissionQuestion,
    PlanChanged,
    PromptFile,
    TextSaid,
    ToolChanged,
    TurnFailedError,
    UsageChanged,
)
from ccplant_runner.agents.process import AgentProcess

_PROGRAM = Path(__file__).with_name("agent.py")
_HANDSHAKE_SECONDS = 30.0

_UPDATES: Mapping[str, Callable[[dict[str, Any]], AgentUpdate]] = {
    "text": lambda body: TextSaid(body["text"], body["kind"], body["message_id"]),
    "tool": lambda body: ToolChanged(Tool.model_validate(body["tool"])),
    "plan": lambda body: PlanChanged(tuple(PlanEntry.model_validate(entry) for entry in body["entries"])),
    "usage": lambda body: UsageChanged(TokenUsage.model_validate(body["usage"])),
    "mcp": lambda body: McpChanged(McpServerState.model_validate(body["server"])),
    "background": lambda body: BackgroundChanged(body["count"]),
    "own_turn": lambda body: OwnTurn(body["active"]),
}


class DemoDriver:
    """One process of the demo agent."""

    def __init__(self, setting: AgentSetting, listener: AgentListener) -> None:
        self._setting = setting
        self._listener = listener
        self._process: AgentProcess | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[AgentReady] | None = None
        self._turn: asyncio.Future[str] | None = None
        self._questions: set[asyncio.Task[None]] = set()

    async def start(self, resume: str | None) -> AgentReady:
        command = [sys.executable, "-I", "-S", str(_PROGRAM)]
        process = await AgentProcess.start(
            command, cwd=self._setting.workspace, env=self._setting.env, on_line=self._listener.line
        )
        self._process = process
        self._ready = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(process), name="demo-reader")
        servers = {name: server.model_dump(mode="json") for name, server in self._setting.mcp_servers.items()}
        try:
            await self._send(
                {"do": "start", "resume": resume, "mcp_servers": servers, "model": self._setting.model}
            )
            async with asyncio.timeout(_HANDSHAKE_SECONDS):
                return await asyncio.shield(self._ready)
        except (AgentGoneError, TimeoutError) as error:
            raise AgentStartError(f"the demo agent did not answer: {error}") from error

    async def prompt(self, text: str, files: Sequence[PromptFile] = ()) -> str:
        if self._reader is None or self._reader.done():
            raise AgentGoneError("the agent's process ended", told=False)
        self._turn = asyncio.get_running_loop().create_future()
        try:
            given = [
                {"path": str(file.path), "name": file.name, "media_type": file.media_type} for file in files
            ]
            await self._send({"do": "prompt", "text": text, "files": given})
            return await self._turn
        finally:
            self._turn = None

    async def cancel(self) -> None:
        await self._send({"do": "cancel"})

    async def stop(self, grace: float) -> None:
        if self._process is not None:
            await self._process.stop(grace)
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, *self._questions, return_exceptions=True)

    async def wait(self) -> AgentExit:
        if self._process is None:
            raise AgentGoneError("the agent was not started")
        return await self._process.wait()

    async def _send(self, body: dict[str, object]) -> None:
        if self._process is None:
            raise AgentGoneError("the agent was not started")
        await self._process.write_line(json.dumps(body).encode())

    async def _read(self, process: AgentProcess) -> None:
        gone = AgentGoneError("the agent's process ended")
        try:
            while line := await process.read_line():
                self._take(json.loads(line))
                await self._listener.room()
        except (AgentGoneError, ValueError, KeyError, TypeError) as error:
            gone = AgentGoneError(f"the agent said something that makes no sense: {error}")
        finally:
            for future in (self._ready, self._turn):
                if future is not None and not future.done():
                    future.set_exception(gone)
            for question in self._questions:
                question.cancel()

    def _take(self, body: dict[str, Any]) -> None:
        match body["say"]:
            case "ready":
                info = AgentInfo(name="demo", version=body["version"], demo=True)
                self._settle(self._ready, AgentReady(info, body["conversation"]))
            case "refused":
                if self._ready is not None and not self._ready.done():
                    self._ready.set_exception(AgentStartError(f"the demo agent refused: {body['error']}"))
            case "done":
                self._settle(self._turn, cast("str", body["stop_reason"]))
            case "failed":
                if self._turn is not None and not self._turn.done():
                    self._turn.set_exception(TurnFailedError(body["error"]))
            case "ask":
                task = asyncio.create_task(self._ask(body), name="demo-question")
                self._questions.add(task)
                task.add_done_callback(self._questions.discard)
            case kind:
                self._listener.said(_UPDATES[kind](body))

    @staticmethod
    def _settle(future: asyncio.Future[Any] | None, value: object) -> None:
        if future is not None and not future.done():
            future.set_result(value)

    async def _ask(self, body: dict[str, Any]) -> None:
        question = PermissionQuestion(
            title=body["title"],
            options=tuple(PermissionOption.model_validate(option) for option in body["options"]),
            tool_call_id=body["tool_call_id"],
            tool_name=body["tool_name"],
            tool_input=body["tool_input"],
            tool_kind=body["tool_kind"],
        )
        option = await self._listener.asked(question)
        try:
            await self._send({"do": "answer", "ask_id": body["ask_id"], "option_id": option})
        except AgentGoneError:
            return
