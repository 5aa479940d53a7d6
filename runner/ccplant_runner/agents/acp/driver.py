"""Drives an agent over the Agent Client Protocol, version 1.

The library does requests and answers; updates are taken raw and in order by the transport. What the runner does not offer
(files, terminals, forms) is not advertised, and refused when it is asked for all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Mapping, Sequence
from typing import Any, cast

from acp.connection import Connection
from acp.exceptions import RequestError
from acp.meta import PROTOCOL_VERSION

from ccplant_contracts.prompt import OptionKind, PermissionOption
from ccplant_contracts.session import AgentInfo, McpServer, McpServerState, ProviderReason
from ccplant_runner import __version__
from ccplant_runner.agents.acp.blocks import prompt_blocks
from ccplant_runner.agents.acp.memory import MEMORY_FILES, keep_as_own, project_memory
from ccplant_runner.agents.acp.table import AcpAgent, InstalledProgram, installed_program
from ccplant_runner.agents.acp.transport import NotSentError, PipeTransport
from ccplant_runner.agents.acp.updates import UpdateReader
from ccplant_runner.agents.driver import (
    AgentExit,
    AgentGoneError,
    AgentListener,
    AgentReady,
    AgentSetting,
    AgentStartError,
    McpChanged,
    OwnTurn,
    PermissionQuestion,
    PromptFile,
    ProviderRefused,
    TurnFailedError,
)
from ccplant_runner.agents.process import AgentProcess

_HANDSHAKE_SECONDS = 60.0
_AUTH_REQUIRED = -32000
_INTERNAL_ERROR = -32603
_DEATH_SECONDS = 1.0
_KINDS: tuple[OptionKind, ...] = ("allow_once", "allow_always", "reject_once", "reject_always")

Json = dict[str, Any]


class AcpDriver:
    """One process of an agent that speaks ACP."""

    def __init__(self, agent: AcpAgent, setting: AgentSetting, listener: AgentListener) -> None:
        self._agent = agent
        self._setting = setting
        self._listener = listener
        self._reader = UpdateReader(agent.tool_name)
        self._process: AgentProcess | None = None
        self._transport: PipeTransport | None = None
        self._connection: Connection | None = None
        self._session: str | None = None
        self._quiet = False
        """While an earlier conversation is loaded the agent repeats it; the history has it already."""
        self._in_turn = False
        self._own_turn = False
        self._sees_pictures = False
        self._refused: ProviderReason | None = None
        """How the model's provider last refused in this turn."""

    async def start(self, resume: str | None) -> AgentReady:
        program = installed_program(self._agent.name, self._setting.agent_dir)
        self._refuse_transports()
        self._remember()
        env = {**self._agent.environment(self._setting), **program.env, **self._setting.env}
        process = await AgentProcess.start(
            program.command, cwd=self._setting.workspace, env=env, on_line=self._listener.line
        )
        self._process = process
        self._transport = PipeTransport(
            process, notified=self._notified, room=self._listener.room, noise=self._listener.line
        )
        self._connection = Connection(self._requested, self._transport)
        try:
            async with asyncio.timeout(_HANDSHAKE_SECONDS):
                return await self._shake_hands(resume, program)
        except TimeoutError:
            raise AgentStartError(
                f"{self._agent.name} did not answer within {_HANDSHAKE_SECONDS:g} s"
            ) from None
        except RequestError as error:
            hint = " (it wants credentials)" if error.code == _AUTH_REQUIRED else ""
            raise AgentStartError(f"{self._agent.name} refused{hint}: {_words(error)}") from error
        except (ConnectionError, AgentGoneError) as error:
            raise AgentStartError(f"{self._agent.name} ended in its handshake") from error

    async def prompt(self, text: str, files: Sequence[PromptFile] = ()) -> str:
        self._in_turn = True
        self._refused = None
        try:
            params = {"sessionId": self._session, "prompt": await self._blocks(text, files)}
            if self._transport is None or self._transport.ended:
                raise AgentGoneError("the agent's process ended", told=False)
            result = await self._connected().send_request("session/prompt", params)
        except RequestError as error:
            # a dying agent may still answer that it is dying; which of the two it was shows within a moment
            if error.code == _INTERNAL_ERROR and (self._agent.lost(_words(error)) or await self._dies()):
                await self.stop(_DEATH_SECONDS)
                raise AgentGoneError(f"the agent died: {_words(error)}") from error
            raise TurnFailedError(_words(error), self._provider_reason(error)) from error
        except ConnectionError as error:
            raise AgentGoneError(
                "the agent's process ended", told=not isinstance(error, NotSentError)
            ) from error
        finally:
            self._in_turn = False
        answer = result if isinstance(result, dict) else {}
        for update in self._reader.turn_usage(answer):
            self._listener.said(update)
        if self._own_turn:
            self._listener.said(OwnTurn(active=True))
        failure = self._agent.turn_failure(answer)
        if failure is not None:
            raise failure
        return str(answer.get("stopReason", "end_turn"))

    async def cancel(self) -> None:
        try:
            await self._connected().send_notification("session/cancel", {"sessionId": self._session})
        except ConnectionError as error:
            raise AgentGoneError("the agent's process ended") from error

    async def stop(self, grace: float) -> None:
        if self._process is not None:
            await self._process.stop(grace)
        if self._connection is not None:
            with contextlib.suppress(ConnectionError):
                await self._connection.close()

    async def wait(self) -> AgentExit:
        if self._process is None:
            raise AgentGoneError("the agent was not started")
        return await self._process.wait()

    # --- the handshake ---

    async def _shake_hands(self, resume: str | None, program: InstalledProgram) -> AgentReady:
        connection = self._connected()
        hello = await connection.send_request(
            "initialize",
            {
                "protocolVersion": PROTOCOL_VERSION,
                "clientCapabilities": {
                    "fs": {"readTextFile": False, "writeTextFile": False},
                    "terminal": False,
                    **({"_meta": dict(self._agent.client_meta)} if self._agent.client_meta else {}),
                },
                "clientInfo": {"name": "ccplant", "version": __version__},
            },
        )
        answer = hello if isinstance(hello, dict) else {}
        if answer.get("protocolVersion") != PROTOCOL_VERSION:
            raise AgentStartError(
                f"{self._agent.name} speaks version {answer.get('protocolVersion')} of the protocol, not {PROTOCOL_VERSION}"
            )
        for name in self._setting.mcp_servers:
            self._listener.said(McpChanged(McpServerState(name=name, state="starting")))
        capabilities = answer.get("agentCapabilities") or {}
        self._sees_pictures = (capabilities.get("promptCapabilities") or {}).get("image") is True
        session = await self._open(resume, capabilities)
        await self._set_mode(session)
        if not self._agent.tells_mcp_servers:
            for name in self._setting.mcp_servers:
                self._listener.said(McpChanged(McpServerState(name=name, state="unknown")))
        info = answer.get("agentInfo") or {}
        version = program.version or info.get("version")
        return AgentReady(AgentInfo(name=self._agent.name, version=version), self._session)

    async def _open(self, resume: str | None, capabilities: Mapping[str, Any]) -> Json:
        params: Json = {
            "cwd": str(self._setting.workspace),
            "mcpServers": self._servers(),
            "_meta": self._agent.session_meta(self._setting),
        }
        if resume is None:
            return await self._ask_session("session/new", params)
        params["sessionId"] = self._session = resume
        if (capabilities.get("sessionCapabilities") or {}).get("resume") is not None:
            return await self._ask_session("session/resume", params)
        if capabilities.get("loadSession"):
            self._quiet = True
            try:
                return await self._ask_session("session/load", params)
            finally:
                self._quiet = False
        # a new conversation in place of the old one would pretend to remember
        raise AgentStartError(f"{self._agent.name} cannot go on with a conversation")

    async def _ask_session(self, method: str, params: Json) -> Json:
        result = await self._connected().send_request(method, params)
        answer = result if isinstance(result, dict) else {}
        if isinstance(answer.get("sessionId"), str):
            self._session = answer["sessionId"]
        if self._session is None:
            raise AgentStartError(f"{self._agent.name} gave its session no id")
        return cast("Json", answer)

    async def _set_mode(self, session: Json) -> None:
        modes = session.get("modes") or {}
        known = [mode.get("id") for mode in modes.get("availableModes") or [] if isinstance(mode, dict)]
        if self._agent.mode in known and modes.get("currentModeId") != self._agent.mode:
            params = {"sessionId": self._session, "modeId": self._agent.mode}
            await self._connected().send_request("session/set_mode", params)

    def _servers(self) -> list[Json]:
        return [
            _server(name, server, self._setting.env) for name, server in self._setting.mcp_servers.items()
        ]

    # --- what the agent says and asks ---

    def _notified(self, method: str, params: Mapping[str, Any]) -> None:
        if self._quiet:
            return
        if method == "session/update":
            update = params.get("update")
            if not isinstance(update, dict) or self._agent.hidden(update):
                return
            for read in (*self._reader.read(update), *self._agent.read_update(update)):
                self._listener.said(read)
            return
        for extra in self._agent.read_extra(method, params):
            if isinstance(extra, ProviderRefused):
                self._refused = extra.reason
            if isinstance(extra, OwnTurn):
                self._own_turn = extra.active
                if extra.active and self._in_turn:
                    # the turn that was asked for, not one of its own
                    continue
            self._listener.said(extra)

    async def _requested(self, method: str, params: object, is_notification: bool) -> object:
        if method != "session/request_permission" or not isinstance(params, dict):
            raise RequestError.method_not_found(method)
        option = await self._listener.asked(self._question(params))
        if option is None:
            return {"outcome": {"outcome": "cancelled"}}
        return {"outcome": {"outcome": "selected", "optionId": option}}

    def _question(self, params: Json) -> PermissionQuestion:
        call = params.get("toolCall") or {}
        call_id = str(call.get("toolCallId", ""))
        known = self._reader.call(call_id)
        meta = call.get("_meta")
        name = self._agent.tool_name(meta) if isinstance(meta, dict) else None
        given = call.get("rawInput")
        if not isinstance(given, dict):
            given = known.input if known is not None and known.input is not None else {}
        title = call.get("title") or (known.title if known is not None else None)
        return PermissionQuestion(
            title=str(title or "The agent asks for permission"),
            options=tuple(_options(params.get("options"))),
            tool_call_id=call_id or None,
            tool_name=name or (known.name if known is not None else None),
            tool_input=given,
            tool_kind=str(call.get("kind") or (known.kind if known is not None else "other")),
        )

    # --- small parts ---

    async def _blocks(self, text: str, files: Sequence[PromptFile]) -> list[Json]:
        try:
            return await asyncio.to_thread(prompt_blocks, text, files, pictures=self._sees_pictures)
        except OSError as error:
            raise TurnFailedError(
                f"a file of the message cannot be read: {error.strerror or error}"
            ) from error

    def _provider_reason(self, error: RequestError) -> ProviderReason | None:
        data = error.data if isinstance(error.data, dict) else {}
        reason = self._agent.failure_reason(data)
        # what was refused says more than the sum of it: an overload ends as an error of the server
        return None if reason is None else self._refused or reason

    def _refuse_transports(self) -> None:
        for name, server in self._setting.mcp_servers.items():
            if server.type not in self._agent.mcp_transports:
                raise AgentStartError(
                    f'{self._agent.name} cannot reach the MCP server "{name}" by {server.type}; it knows '
                    + " and ".join(sorted(self._agent.mcp_transports))
                )

    def _remember(self) -> None:
        if self._agent.memory is None:
            return
        try:
            keep_as_own(
                self._setting.home / self._agent.memory,
                project_memory(self._setting.workspace, MEMORY_FILES),
            )
        except OSError as error:
            self._listener.line(f"what the repository tells its agents is not passed on: {error}")

    def _connected(self) -> Connection:
        if self._connection is None:
            raise AgentGoneError("the agent was not started")
        return self._connection

    async def _dies(self) -> bool:
        if self._process is None:
            return True
        try:
            async with asyncio.timeout(_DEATH_SECONDS):
                await self._process.wait()
        except TimeoutError:
            return False
        return True


def _options(options: object) -> list[PermissionOption]:
    offered = [option for option in options if isinstance(option, dict)] if isinstance(options, list) else []
    return [
        PermissionOption(option_id=option["optionId"], name=str(option.get("name", "")), kind=option["kind"])
        for option in offered
        if option.get("kind") in _KINDS and isinstance(option.get("optionId"), str)
    ]


def _server(name: str, server: McpServer, env: Mapping[str, str]) -> Json:
    if server.type == "stdio":
        command = server.command or ""
        # the protocol wants an absolute path; what is not found fails when the agent starts it, by name
        found = shutil.which(command, path=env.get("PATH"))
        return {
            "name": name,
            "command": found or command,
            "args": list(server.args),
            "env": [{"name": key, "value": value} for key, value in server.env.items()],
        }
    headers = [{"name": key, "value": value} for key, value in server.headers.items()]
    return {"type": server.type, "name": name, "url": server.url, "headers": headers}


def _words(error: RequestError) -> str:
    data = error.data
    details = data.get("details") if isinstance(data, dict) else data
    return f"{error}: {details}" if isinstance(details, str) and details else str(error)
