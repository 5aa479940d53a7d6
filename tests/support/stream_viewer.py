"""A viewer that never gives up: it records the durable stream and comes back with the last number that it has.

What it got is kept as it came, and whatever breaks the promise (a number twice, left out, or out of order; a preview that
the text contradicts) is a finding with the moment at which it happened.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.support.system import System
from tests.support.waiting import eventually

_AGAIN_SECONDS = 0.1
_OPEN_SECONDS = 5.0
_RECONNECT = (1001, 1006, 1011, 1013)

Frame = dict[str, Any]


@dataclass
class StreamViewer:
    """One viewer of one session."""

    system: System
    session_id: str
    name: str
    since: int = 0
    events: list[Frame] = field(default_factory=list)
    state: dict[tuple[str, str], Frame] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    connections: int = 0
    closed: int | None = None
    """The code after which it does not come back."""
    _deltas: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    _socket: ClientConnection | None = None

    @property
    def last(self) -> int:
        """The last number that it has."""
        return self.events[-1]["seq"] if self.events else self.since

    async def run(self) -> None:
        """Watch until the server says that the session has ended."""
        while self.closed is None:
            try:
                await self._watch()
            except (OSError, TimeoutError, WebSocketException, EOFError):
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _watch(self) -> None:
        url = f"{self.system.url.replace('http', 'ws', 1)}/ws/sessions/{self.session_id}?since={self.last}"
        headers = {"Authorization": f"Bearer {self.system.token}"}
        async with connect(
            url, additional_headers=headers, max_size=None, proxy=None, open_timeout=_OPEN_SECONDS, close_timeout=1
        ) as socket:  # fmt: skip
            self._socket = socket
            self.connections += 1
            try:
                async for text in socket:
                    self._take(json.loads(text))
            except ConnectionClosed:
                pass
            finally:
                self._socket = None
            if socket.close_code not in _RECONNECT and socket.close_code is not None:
                self.closed = socket.close_code

    async def cut(self) -> None:
        """Tear the connection apart, as a network does: no close frame, whatever was under way."""
        await eventually(lambda: self._socket is not None, 20)
        if self._socket is not None:
            self.system.note(f"{self.name} is cut after {self.last}")
            self._socket.transport.abort()

    def _take(self, frame: Frame) -> None:
        kind, data = frame["type"], frame["data"]
        if "seq" in frame:
            if frame["seq"] != self.last + 1:
                self.findings.append(f"{self.name}: after {self.last} came {frame['seq']}")
            self.events.append(frame)
        elif kind == "delta":
            self._deltas[data["message_id"]].append((data["offset"], data["text"]))
        elif kind in ("session", "prompt", "permission"):
            self._keep(kind, data)
        elif kind == "hello":
            self._keep("session", data["session"])
            for item in (*data["prompts"], *data["permissions"]):
                self._keep("prompt" if "number" in item else "permission", item)
            if data["last_seq"] < self.last:
                self.findings.append(f"{self.name}: has {self.last}, and the server knows {data['last_seq']}")

    def _keep(self, kind: str, document: Frame) -> None:
        name = document["session_id" if kind == "session" else f"{kind}_id"]
        before = self.state.get((kind, name))
        if before is None or before["version"] <= document["version"]:
            self.state[kind, name] = document

    def texts(self) -> dict[str, str]:
        """Return each message as its durable pieces say it."""
        texts: dict[str, str] = defaultdict(str)
        for event in self.events:
            if event["type"] == "message_chunk":
                data = event["data"]
                if data["offset"] != len(texts[data["message_id"]]):
                    self.findings.append(
                        f"{self.name}: a hole in {data['message_id']} before {data['offset']}"
                    )
                texts[data["message_id"]] += data["text"]
        return dict(texts)

    def check_previews(self) -> None:
        """Compare every preview with what became of the message."""
        texts = self.texts()
        for message_id, deltas in self._deltas.items():
            whole = texts.get(message_id)
            for offset, text in deltas:
                if (
                    whole is not None
                    and whole[offset : offset + len(text)] != text[: max(0, len(whole) - offset)]
                ):
                    self.findings.append(f"{self.name}: a preview of {message_id} at {offset} was not so")
