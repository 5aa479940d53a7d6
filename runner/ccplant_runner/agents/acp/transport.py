"""Carries the protocol's messages over the agent's pipes, and takes its notifications out of the stream in their order.

The protocol's library makes a task of every notification, so two that wait for anything overtake each other, and it
drops what its schema does not know. Here a notification is handed over, raw, before the next line is read.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ccplant_runner.agents.driver import AgentGoneError
from ccplant_runner.agents.process import AgentProcess

Notified = Callable[[str, Mapping[str, Any]], None]


class NotSentError(ConnectionError):
    """What was to be sent did not reach the agent."""


class PipeTransport:
    """One agent's pipes as the library's `Transport`."""

    def __init__(
        self,
        process: AgentProcess,
        *,
        notified: Notified,
        room: Callable[[], Awaitable[None]],
        noise: Callable[[str], None],
    ) -> None:
        self._process = process
        self._notified = notified
        self._room = room
        self._noise = noise
        self.ended = False
        """Whether the agent has said its last."""

    async def send(self, message: dict[str, Any]) -> None:
        """Send one message.

        Raises:
            NotSentError: the agent does not read any more.
        """
        try:
            await self._process.write_line(json.dumps(message, separators=(",", ":")).encode())
        except AgentGoneError as error:
            raise NotSentError(str(error)) from error

    async def receive(self) -> dict[str, Any] | None:
        """Return the next request or answer; None at the end."""
        while True:
            await self._room()
            try:
                line = await self._process.read_line()
            except AgentGoneError:
                line = b""
            if not line:
                self.ended = True
                return None
            message = self._parsed(line)
            if message is None:
                continue
            method = message.get("method")
            if isinstance(method, str) and "id" not in message:
                params = message.get("params")
                self._notified(method, params if isinstance(params, dict) else {})
                continue
            return message

    async def close(self) -> None:
        """Nothing to do: the process is ended by whoever started it."""

    def _parsed(self, line: bytes) -> dict[str, Any] | None:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            # some programs print to stdout what belongs to stderr
            self._noise(line.decode("utf-8", "replace").rstrip())
            return None
        return message
