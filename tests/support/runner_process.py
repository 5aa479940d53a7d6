"""A real runner as a process, and the smallest control plane that it accepts: stores in memory what the runner says."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from ccplant_contracts import subjects
from ccplant_contracts.attachment import AttachedFile
from ccplant_contracts.base import Message
from ccplant_contracts.ids import new_attachment_id, new_launch_id
from ccplant_contracts.launch import (
    BlobChunk,
    CancelRequest,
    Heartbeat,
    LastWord,
    LaunchSpec,
    PermissionDecision,
    PieceAnswer,
    PieceRequest,
    PromptDelivery,
    PromptReceipt,
    Receipt,
    Registration,
    RegistrationAnswer,
    RenewalAnswer,
    RenewalRequest,
    StopRequest,
    StoredTo,
)
from ccplant_contracts.policy import PermissionPolicy, PolicyMode
from ccplant_contracts.prompt import OptionKind
from ccplant_contracts.session import Mode
from ccplant_contracts.stream import (
    BLOB_CHUNK_BYTES,
    Delta,
    MessageChunk,
    OutputBatch,
    PermissionOutcome,
    PermissionRequest,
    StreamData,
    StreamEvent,
    Turn,
)
from ccplant_platform.bus.connection import connect, jetstream
from ccplant_platform.bus.credentials import LaunchIssuer
from ccplant_platform.bus.topology import ensure_topology
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

T = TypeVar("T")
M = TypeVar("M", bound=Message)


@dataclass
class RunnerProcess:
    """One launch under test."""

    spec: LaunchSpec
    folder: Path
    bus: Client
    process: asyncio.subprocess.Process | None = None
    stored: dict[int, StreamEvent] = field(default_factory=dict)
    received: list[int] = field(default_factory=list)
    """Every number in the order of its arrival, repeats included."""
    deltas: list[Delta] = field(default_factory=list)
    beats: list[Heartbeat] = field(default_factory=list)
    registrations: list[Registration] = field(default_factory=list)
    blobs: dict[str, bytearray] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    """What the runner can fetch."""
    pieces: list[PieceRequest] = field(default_factory=list)
    """Every request for a piece, those that were not answered too."""
    deaf_to_pieces: int = 0
    """So many requests for pieces are not answered."""
    issuer: LaunchIssuer | None = None
    """Signs renewed credentials; None: nobody answers requests for one."""
    renewals: list[RenewalRequest] = field(default_factory=list)
    refuse: bool = False
    storing: bool = True
    """False: nothing is stored, as if MongoDB were away."""
    deaf_to_registrations: bool = False
    seconds_left: float | None = None
    log: bytearray = field(default_factory=bytearray)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    # --- the control plane ---

    @property
    def stored_to(self) -> int:
        """The end of what is stored without a gap."""
        return next(number for number in itertools.count() if number + 1 not in self.stored)

    @property
    def events(self) -> list[StreamData]:
        """What is stored, in order."""
        return [self.stored[number].data for number in sorted(self.stored)]

    def of_type(self, kind: type[T]) -> list[T]:
        """Return the events of one kind."""
        return [data for data in self.events if isinstance(data, kind)]

    def text(self, prompt_id: str | None, role: str = "agent") -> str:
        """Put a turn's text together, which fails where a chunk is missing or doubled."""
        texts: dict[str, str] = {}
        for chunk in self.of_type(MessageChunk):
            if chunk.prompt_id == prompt_id and chunk.role == role:
                so_far = texts.get(chunk.message_id, "")
                assert chunk.offset == len(so_far), f"{chunk} does not follow {len(so_far)} characters"
                texts[chunk.message_id] = so_far + chunk.text
        return "\n".join(texts.values())

    def turns(self, prompt_id: str | None) -> list[str]:
        """Return the states that a prompt's turn went through."""
        return [turn.state for turn in self.of_type(Turn) if turn.prompt_id == prompt_id]

    async def listen(self) -> None:
        """Begin to play the control plane."""
        launch = self.spec.launch_id
        for kind, take in (
            ("register", self._register),
            ("heartbeat", self._beat),
            ("blob", self._blob),
            ("attachment", self._piece),
            ("delta", self._delta),
            ("renew", self._renew),
        ):
            await self.bus.subscribe(subjects.runner_out(launch, kind), cb=take)  # type: ignore[arg-type]
        self._tasks.append(asyncio.create_task(self._store()))

    async def _store(self) -> None:
        consumer = None
        while True:
            if not self.storing:
                await asyncio.sleep(0.02)
                continue
            try:
                if consumer is None:
                    js = jetstream(self.bus)
                    await ensure_topology(js)
                    consumer = await js.pull_subscribe_bind(subjects.OUTPUT_CONSUMER, subjects.STREAM_OUTPUT)
                messages = await consumer.fetch(20, timeout=0.5)
            except TimeoutError:
                continue
            except NatsError:
                consumer = None
                await asyncio.sleep(0.1)
                continue
            for message in messages:
                batch = OutputBatch.model_validate_json(message.data)
                assert batch.launch_id == self.spec.launch_id
                for event in batch.events:
                    self.received.append(event.seq)
                    known = self.stored.setdefault(event.seq, event)
                    assert known == event, "a number was given twice"
                await message.ack()
            await self.tell_stored()

    async def tell_stored(self) -> None:
        """Tell the runner what is stored."""
        body = StoredTo(stored_to=self.stored_to).model_dump_json().encode()
        await self.bus.publish(subjects.runner_in(self.spec.launch_id, "stored"), body)

    async def _register(self, message: Msg) -> None:
        self.registrations.append(Registration.model_validate_json(message.data))
        if self.deaf_to_registrations:
            return
        answer = RegistrationAnswer(
            accepted=not self.refuse,
            refusal="not the current launch" if self.refuse else None,
            next_seq=max(self.stored, default=0) + 1,
            stored_to=self.stored_to,
            seconds_left=self.seconds_left,
        )
        await message.respond(answer.model_dump_json().encode())

    async def _renew(self, message: Msg) -> None:
        request = RenewalRequest.model_validate_json(message.data)
        self.renewals.append(request)
        if self.refuse:
            answer = RenewalAnswer(granted=False, refusal="another launch serves this session")
        elif self.issuer is None:
            return
        else:
            renewed = self.issuer.renew(request.launch_id, request.public_key)
            answer = RenewalAnswer(granted=True, jwt=renewed.jwt, seconds_to_live=renewed.seconds_to_live)
        await message.respond(answer.model_dump_json().encode())

    async def _beat(self, message: Msg) -> None:
        self.beats.append(Heartbeat.model_validate_json(message.data))

    async def _delta(self, message: Msg) -> None:
        self.deltas.append(Delta.model_validate_json(message.data))

    async def _blob(self, message: Msg) -> None:
        chunk = BlobChunk.model_validate_json((message.headers or {})["Ccplant-Blob"])
        blob = self.blobs.setdefault(chunk.blob_id, bytearray())
        blob[chunk.index * 512_000 : chunk.index * 512_000 + len(message.data)] = message.data
        await message.respond(Receipt(ok=True).model_dump_json().encode())

    async def _piece(self, message: Msg) -> None:
        request = PieceRequest.model_validate_json(message.data)
        self.pieces.append(request)
        if self.deaf_to_pieces > 0:
            self.deaf_to_pieces -= 1
            return
        content = self.files.get(request.attachment_id)
        answer = PieceAnswer(ok=content is not None, detail=None if content is not None else "there is none")
        piece = (content or b"")[request.index * BLOB_CHUNK_BYTES :][:BLOB_CHUNK_BYTES]
        await message.respond(answer.model_dump_json().encode() + b"\n" + piece)

    # --- what a test does ---

    def file(self, name: str, content: bytes, media_type: str = "application/octet-stream") -> AttachedFile:
        """Have a file that a prompt can name."""
        attachment_id = new_attachment_id()
        self.files[attachment_id] = content
        return AttachedFile(
            attachment_id=attachment_id,
            name=name,
            media_type=media_type,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    async def ask(self, kind: subjects.InKind, body: Message, answer: type[M]) -> M:
        """Send a request to the runner."""
        subject = subjects.runner_in(self.spec.launch_id, kind)
        reply = await self.bus.request(subject, body.model_dump_json().encode(), timeout=20)
        return answer.model_validate_json(reply.data)

    async def prompt(
        self, text: str, prompt_id: str | None = None, files: tuple[AttachedFile, ...] = ()
    ) -> str:
        """Deliver a prompt; return its id."""
        number = next(self._numbers)
        prompt_id = prompt_id or f"prompt-{number}"
        delivery = PromptDelivery(
            prompt_id=prompt_id, number=number, text=text, by="tester", attachments=files
        )
        receipt = await self.ask("prompt", delivery, PromptReceipt)
        assert receipt.accepted, receipt
        return prompt_id

    async def ended(self, prompt_id: str, timeout: float = 20.0) -> str:
        """Wait for a turn's end; return its state."""
        return (await eventually(lambda: self.turns(prompt_id)[1:], timeout))[0]

    async def run_turn(
        self, text: str, timeout: float = 20.0, files: tuple[AttachedFile, ...] = ()
    ) -> tuple[str, str]:
        """Run one turn; return its end and its text."""
        prompt_id = await self.prompt(text, files=files)
        state = await self.ended(prompt_id, timeout)
        return state, self.text(prompt_id)

    async def permission(self, timeout: float = 20.0) -> PermissionRequest:
        """Wait for a permission request that nobody has answered."""

        def unanswered() -> list[PermissionRequest]:
            settled = {outcome.permission_id for outcome in self.of_type(PermissionOutcome)}
            return [ask for ask in self.of_type(PermissionRequest) if ask.permission_id not in settled]

        return (await eventually(unanswered, timeout))[0]

    async def decide(self, request: PermissionRequest, kind: OptionKind) -> Receipt:
        """Answer a permission request."""
        option = next((option.option_id for option in request.options if option.kind == kind), None)
        decision = PermissionDecision(permission_id=request.permission_id, option_id=option, kind=kind)
        return await self.ask("permission", decision, Receipt)

    async def cancel(self, prompt_id: str) -> Receipt:
        """Cancel a prompt."""
        return await self.ask("cancel", CancelRequest(prompt_id=prompt_id), Receipt)

    async def stop(self, grace: float = 5.0) -> LastWord:
        """Stop the launch and wait for its end."""
        await self.ask("stop", StopRequest(reason="stopped", grace_seconds=grace), Receipt)
        return await self.last_word()

    async def last_word(self, timeout: float = 20.0) -> LastWord:
        """Wait for the end of the process; return what it says about it."""
        assert self.process is not None
        await asyncio.wait_for(self.process.wait(), timeout)
        return LastWord.model_validate_json((Path(self.spec.state_dir) / "last_word.json").read_bytes())

    async def start(self, **environment: str) -> None:
        """Start the process; its log is kept."""
        path = self.folder / "spec.json"
        path.touch(mode=0o600)
        path.write_text(self.spec.model_dump_json())
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ccplant_runner", "--spec", str(path),
            env={**os.environ, **environment}, stderr=asyncio.subprocess.PIPE, cwd=self.folder, limit=1 << 24,
        )  # fmt: skip
        self._tasks.append(asyncio.create_task(self._read_log(self.process)))

    async def ready(self, timeout: float = 30.0) -> None:
        """Wait for the registration."""
        await eventually(lambda: self.registrations or self._died(), timeout)
        assert self.registrations, self.log.decode()

    def _died(self) -> bool:
        return self.process is not None and self.process.returncode is not None

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while piece := await process.stderr.read(65_536):
            self.log += piece

    async def close(self) -> None:
        """Leave nothing behind."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), 15)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.bus.close()


@asynccontextmanager
async def runner_process(
    server: NatsServer, folder: Path, lifetime: timedelta | None = None, /, **changes: object
) -> AsyncIterator[RunnerProcess]:
    """Prepare a launch with its own credentials, of which one ends after `lifetime`; `changes` go into its spec."""
    launch_id, issuer = new_launch_id(), server.issuer(lifetime)
    spec = LaunchSpec.model_validate(
        {
            "session_id": f"session-test-{secrets.token_hex(5)}",
            "launch_id": launch_id,
            "attempt": 1,
            "owner": "tester",
            "mode": Mode.INTERACTIVE,
            "bus": issuer.work(launch_id),
            "bus_renewal": issuer.renewal(launch_id),
            "workspace": str(folder / "workspace"),
            "state_dir": str(folder / "state"),
            "agent": "demo",
            "policy": PermissionPolicy(mode=PolicyMode.ASK),
            "stop_grace_seconds": 3.0,
            **changes,
        }
    )
    bus = await connect(server.access(), name="control-plane")
    runner = RunnerProcess(spec, folder, bus, issuer=issuer)
    try:
        await ensure_topology(jetstream(bus))
        await runner.listen()
        yield runner
    finally:
        await runner.close()
