"""A runner that does what a test says: the runner's side of the bus, with the credential of its launch alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg

from ccplant_contracts import subjects
from ccplant_contracts.launch import (
    BusAccess,
    CancelRequest,
    Heartbeat,
    PermissionDecision,
    PromptDelivery,
    PromptReceipt,
    Receipt,
    Registration,
    RegistrationAnswer,
    StopRequest,
    StoredTo,
)
from ccplant_contracts.session import AgentInfo
from ccplant_contracts.stream import OutputBatch, StreamData, StreamEvent, Turn
from ccplant_platform.bus.connection import connect, jetstream


@dataclass
class ScriptedRunner:
    """Registers, takes prompts, says what it is told to say, and remembers everything that it was told."""

    session_id: str
    launch_id: str
    bus: Client
    prompts: list[PromptDelivery] = field(default_factory=list)
    decisions: list[PermissionDecision] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)
    stops: list[StopRequest] = field(default_factory=list)
    stored_to: int = 0
    next_seq: int = 1
    said: list[StreamEvent] = field(default_factory=list)
    deaf: bool = False

    @classmethod
    async def connect(cls, session_id: str, launch_id: str, access: BusAccess) -> Self:
        """Connect with the launch's credential and listen."""
        runner = cls(session_id, launch_id, await connect(access, name=launch_id))
        for kind, answer in (
            ("prompt", runner._prompt),
            ("permission", runner._permission),
            ("cancel", runner._cancel),
            ("stop", runner._stop),
            ("stored", runner._stored),
        ):
            await runner.bus.subscribe(subjects.runner_in(launch_id, kind), cb=answer)  # type: ignore[arg-type]
        return runner

    async def register(self, *, conversation: str | None = None) -> RegistrationAnswer:
        """Say that the agent can answer."""
        registration = Registration(
            runner_version="test",
            session_id=self.session_id,
            launch_id=self.launch_id,
            agent=AgentInfo(name="scripted"),
            conversation=conversation,
            last_seq=self.next_seq - 1,
        )
        reply = await self.bus.request(
            subjects.runner_out(self.launch_id, "register"),
            registration.model_dump_json().encode(),
            timeout=5,
        )
        answer = RegistrationAnswer.model_validate_json(reply.data)
        if answer.accepted and not self.said:
            self.next_seq = answer.next_seq
        return answer

    async def say(self, *data: StreamData) -> list[StreamEvent]:
        """Say something durable: numbered here, sent once."""
        events = [
            StreamEvent(seq=self.next_seq + index, at=datetime.now(UTC), data=item)
            for index, item in enumerate(data)
        ]
        self.next_seq += len(events)
        self.said += events
        await self.send(events)
        return events

    async def send(self, events: Sequence[StreamEvent]) -> None:
        """Send events, again perhaps."""
        batch = OutputBatch(session_id=self.session_id, launch_id=self.launch_id, events=tuple(events))
        await jetstream(self.bus).publish(
            subjects.runner_out(self.launch_id, "events"), batch.model_dump_json().encode()
        )

    async def heartbeat(self) -> None:
        """Show a sign of life."""
        beat = Heartbeat(
            session_id=self.session_id,
            launch_id=self.launch_id,
            sampled_at=datetime.now(UTC),
            step="ready",
            cpu_usage=0.5,
            memory_usage=1_000,
        )
        await self.bus.publish(
            subjects.runner_out(self.launch_id, "heartbeat"), beat.model_dump_json().encode()
        )

    async def close(self) -> None:
        """Go away without a word."""
        await self.bus.close()

    async def _prompt(self, message: Msg) -> None:
        delivery = PromptDelivery.model_validate_json(message.data)
        if self.deaf:
            return
        known = any(prompt.prompt_id == delivery.prompt_id for prompt in self.prompts)
        if not known:
            self.prompts.append(delivery)
            await self.say(Turn(prompt_id=delivery.prompt_id, state="started"))
        receipt = PromptReceipt(
            prompt_id=delivery.prompt_id, accepted=True, state="started" if known else "accepted"
        )
        await message.respond(receipt.model_dump_json().encode())

    async def _permission(self, message: Msg) -> None:
        self.decisions.append(PermissionDecision.model_validate_json(message.data))
        await message.respond(Receipt(ok=True).model_dump_json().encode())

    async def _cancel(self, message: Msg) -> None:
        self.cancels.append(CancelRequest.model_validate_json(message.data).prompt_id)
        await message.respond(Receipt(ok=True).model_dump_json().encode())

    async def _stop(self, message: Msg) -> None:
        self.stops.append(StopRequest.model_validate_json(message.data))
        await message.respond(Receipt(ok=True).model_dump_json().encode())

    async def _stored(self, message: Msg) -> None:
        self.stored_to = max(self.stored_to, StoredTo.model_validate_json(message.data).stored_to)
