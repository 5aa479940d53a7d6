"""A real gateway over a real MongoDB and a real bus; the orchestrator's side is played by the test through the store."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from nats.aio.client import Client
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as ws_connect
from websockets.exceptions import ConnectionClosed

from ccplant_api.__main__ import config_of, serve_until
from ccplant_api.main import create_app
from ccplant_api.principals.github.settings import GitHubSignInSettings
from ccplant_api.settings import ApiSettings
from ccplant_contracts import subjects
from ccplant_contracts.base import Message
from ccplant_contracts.commands import Command
from ccplant_contracts.session import AgentInfo, Transcript
from ccplant_contracts.status import Reason
from ccplant_contracts.stream import StreamData, StreamEvent
from ccplant_contracts.watch import Hint, Stored
from ccplant_platform.bus.connection import connect
from ccplant_platform.bus.topology import ensure_topology
from ccplant_platform.http_server import Server
from ccplant_platform.settings import MongoSettings
from ccplant_store import Store
from ccplant_store.sessions.model import LaunchDoc, SessionDoc
from tests.support.programs import free_port
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

BOOTSTRAP = "bootstrap-token-of-the-tests"
OWNER = "ann"
SEALING_KEY = "ab" * 32


@dataclass
class Control:
    """The orchestrator's side, by hand: what it would write and announce, and the commands that reach it."""

    store: Store
    bus: Client
    commands: list[Command] = field(default_factory=list)

    async def listen(self) -> None:
        async def on_command(message: Any) -> None:
            self.commands.append(Command.model_validate_json(message.data))

        await self.bus.subscribe(subjects.COMMANDS, cb=on_command)
        await self.bus.flush()

    async def command(self, name: str, session_id: str) -> Command:
        def found() -> Command | None:
            matching = [item for item in self.commands if item.name == name and item.session_id == session_id]
            return matching[-1] if matching else None

        command = await eventually(found)
        assert command is not None
        return command

    async def hint(self, session_id: str, hint: Message) -> None:
        await self.bus.publish(
            subjects.watch_hint(session_id), hint.model_dump_json(exclude_none=True).encode()
        )

    async def session(self, session_id: str) -> SessionDoc:
        session = await self.store.sessions.get(session_id)
        assert session is not None
        return session

    async def run(self, session_id: str) -> SessionDoc:
        """Bring a pending session to running."""
        session = await self.session(session_id)
        now = session.created_at
        launch = LaunchDoc(id=f"l{secrets.token_hex(10)}", attempt=1, created_at=now, started_at=now)
        launched = await self.store.sessions.change(session, set={"launch": launch})
        assert launched is not None
        running = await self.store.sessions.transition(
            launched,
            Reason.REGISTERED,
            now=launched.created_at,
            set={"agent": AgentInfo(name="demo", demo=True)},
        )
        assert running is not None
        await self.hint(session_id, Hint(kind="session", id=session_id, version=running.version))
        return running

    async def end(
        self, session_id: str, reason: Reason = Reason.STOPPED, *, settle: bool = True
    ) -> SessionDoc:
        session = await self.session(session_id)
        ended = await self.store.sessions.transition(
            session, reason, now=session.created_at, facts={"by": "ann"}
        )
        assert ended is not None
        await self.store.prompts.settle(session_id, at=session.created_at)
        if settle:
            transcript = Transcript(last_seq=ended.stored_to, complete=True)
            settled = await self.store.sessions.mark_settled(session_id, transcript, keeps_workspace=False)
            assert settled is not None
            ended = settled
        await self.hint(session_id, Hint(kind="session", id=session_id, version=ended.version))
        closed = Stored(stored_to=ended.stored_to, closed=settle)
        await self.bus.publish(subjects.watch_stored(session_id), closed.model_dump_json().encode())
        return ended

    async def store_events(
        self, session_id: str, data: list[StreamData], *, announce: bool = True, inline: bool = True
    ) -> list[StreamEvent]:
        """Store the next events of a session, and announce them."""
        session = await self.session(session_id)
        first = session.stored_to + 1
        events = [
            StreamEvent(seq=seq, at=session.created_at, data=item)
            for seq, item in enumerate(data, start=first)
        ]
        await self.store.output.insert(session_id, events)
        to = session.stored_to + len(events)
        assert await self.store.sessions.advance(session_id, session.stored_to, to, at=session.created_at)
        if announce:
            news = Stored(stored_to=to, events=tuple(events) if inline else ())
            await self.bus.publish(subjects.watch_stored(session_id), news.model_dump_json().encode())
        return events


class Socket:
    """A WebSocket client that keeps what it got."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[dict[str, Any]] = []

    async def next(self, timeout: float = 20.0) -> dict[str, Any]:
        async with asyncio.timeout(timeout):
            frame: dict[str, Any] = json.loads(await self.connection.recv())
        self.frames.append(frame)
        return frame

    async def until(self, kind: str, **fields: object) -> dict[str, Any]:
        """Return the next frame of this kind whose data has these fields."""
        while True:
            frame = await self.next()
            if frame["type"] == kind and all(
                frame["data"].get(name) == value for name, value in fields.items()
            ):
                return frame

    async def until_seq(self, seq: int) -> None:
        while not any(frame.get("seq") == seq for frame in self.frames):
            await self.next()

    async def closed(self) -> int:
        """Read to the end; return the close code."""
        async with asyncio.timeout(30):
            with suppress(ConnectionClosed):
                while True:
                    self.frames.append(json.loads(await self.connection.recv()))
        assert self.connection.close_code is not None
        return self.connection.close_code

    async def say(self, **frame: object) -> None:
        await self.connection.send(json.dumps(frame))

    @property
    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.frames if "seq" in frame]


@dataclass
class Api:
    """A running gateway and its clients."""

    url: str
    client: httpx.AsyncClient
    other: httpx.AsyncClient
    token: str
    other_token: str
    control: Control
    nats: NatsServer

    async def create(self, **body: Any) -> dict[str, Any]:
        answer = await self.client.post("/api/v1/sessions", json=body)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def running(self, **body: Any) -> str:
        """Create a session and bring it to running."""
        session_id: str = (await self.create(**body))["session_id"]
        await self.control.run(session_id)
        return session_id

    @asynccontextmanager
    async def socket(
        self,
        session_id: str,
        query: str = "",
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> AsyncIterator[Socket]:
        sent = headers if headers is not None else {"Authorization": f"Bearer {token or self.token}"}
        url = f"{self.url.replace('http', 'ws')}/ws/sessions/{session_id}{query}"
        # with a bounded queue, a client that leaves while it is full waits ten seconds for the end of the connection
        async with ws_connect(
            url, additional_headers=sent, max_size=None, max_queue=None, proxy=None
        ) as connection:
            yield Socket(connection)


@asynccontextmanager
async def served(
    settings: ApiSettings,
    nats: NatsServer,
    mongo: MongoSettings,
    github: GitHubSignInSettings | None = None,
) -> AsyncIterator[str]:
    """Run a gateway in this process."""
    app = create_app(settings, nats.settings("api"), mongo, github)
    server, stopping = Server(config_of(app, settings)), asyncio.Event()
    serving = asyncio.create_task(serve_until(stopping, app, server))
    try:
        await eventually(lambda: server.started or serving.done())
        assert server.started, "the gateway did not start"
        yield f"http://127.0.0.1:{settings.port}"
    finally:
        stopping.set()
        await asyncio.wait_for(serving, 15)


@pytest.fixture
def sealing_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway can seal secrets."""
    path = tmp_path / "sealing.key"
    path.write_text(SEALING_KEY)
    monkeypatch.setenv("CCPLANT_SEALING_KEY_FILE", str(path))


@pytest.fixture
def api_settings(tmp_path: Path) -> ApiSettings:
    token = tmp_path / "token"
    token.write_text(BOOTSTRAP)
    return ApiSettings(
        port=free_port(),
        bootstrap_token_file=token,
        bootstrap_user="root",
        web_dir=tmp_path / "no-web-ui",  # whether one was built must make no difference
        watch_poll_seconds=1,
        sse_heartbeat_seconds=0.2,
        viewer_queue_bytes=600_000,
        rate_limit_session_creation=0,
        rate_limit_list=0,
        rate_limit_users=0,
        rate_limit_others=0,
    )


@pytest.fixture
async def control(nats_server: NatsServer, mongo_settings: MongoSettings) -> AsyncIterator[Control]:
    store = await Store.connect(mongo_settings.url(), database=mongo_settings.mongodb_database)
    await store.ensure_indexes()
    bus = await connect(nats_server.settings("all"), name="all")
    await ensure_topology(bus.jetstream())
    control = Control(store, bus)
    await control.listen()
    yield control
    await bus.close()
    store.close()


@pytest.fixture
async def api(
    api_settings: ApiSettings,
    sealing_key: None,
    nats_server: NatsServer,
    mongo_settings: MongoSettings,
    control: Control,
) -> AsyncIterator[Api]:
    async with served(api_settings, nats_server, mongo_settings) as url:
        tokens = []
        async with httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {BOOTSTRAP}"}, trust_env=False
        ) as admin:
            for user in (OWNER, "bob"):
                made = await admin.post("/api/v1/api-keys", json={"name": "test", "user": user})
                assert made.status_code == 201, made.text
                tokens.append(made.json()["token"])
        mine, others = ({"Authorization": f"Bearer {token}"} for token in tokens)
        async with (
            httpx.AsyncClient(base_url=url, headers=mine, trust_env=False) as client,
            httpx.AsyncClient(base_url=url, headers=others, trust_env=False) as other,
        ):
            yield Api(url, client, other, tokens[0], tokens[1], control, nats_server)
