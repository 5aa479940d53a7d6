"""The link by itself, on a real bus: while one client takes over from another, nothing passes twice and nothing by."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from ccplant_contracts import subjects
from ccplant_contracts.ids import new_launch_id
from ccplant_contracts.launch import LaunchSpec, RenewalAnswer, RenewalRequest
from ccplant_contracts.policy import PermissionPolicy, PolicyMode
from ccplant_contracts.session import Mode
from ccplant_platform.bus.connection import connect, flush
from ccplant_platform.bus.topology import ensure_topology
from ccplant_platform.redaction import Redactor
from ccplant_runner.bus import BusLink
from ccplant_runner.line import Line
from ccplant_runner.log import RunnerLog
from ccplant_runner.renewal import RenewalRefusedError, Renewer
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

LIFETIME = timedelta(seconds=3)


@dataclass
class Linked:
    """A link, the control plane on the other side, and what each of them saw."""

    server: NatsServer
    launch_id: str
    link: BusLink
    control: Client
    log: io.StringIO
    heard: list[bytes] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    renewed: int = 0
    refusing: bool = False
    lifetime: timedelta = LIFETIME
    seconds_said: float | None = None
    """What is said of the life of a credential, where that is not the truth."""

    async def take(self, kind: str, body: bytes) -> bytes | None:
        self.heard.append(body)
        # an answer takes its time, so that clients are replaced meanwhile
        await asyncio.sleep(0.01)
        return kind.encode() + b":" + body

    async def renew(self, message: Msg) -> None:
        request = RenewalRequest.model_validate_json(message.data)
        answer = RenewalAnswer(granted=False, refusal="over")
        if not self.refusing:
            self.renewed += 1
            signed = self.server.issuer(self.lifetime).renew(self.launch_id, request.public_key)
            seconds = self.seconds_said or signed.seconds_to_live
            answer = RenewalAnswer(granted=True, jwt=signed.jwt, seconds_to_live=seconds)
        await message.respond(answer.model_dump_json().encode())

    async def echo(self, message: Msg) -> None:
        await message.respond(message.data)

    async def ask(self, body: bytes) -> bytes:
        subject = subjects.runner_in(self.launch_id, "cancel")
        return (await self.control.request(subject, body, timeout=20)).data


@asynccontextmanager
async def linked(
    server: NatsServer, *, lifetime: timedelta = LIFETIME, seconds_said: float | None = None
) -> AsyncIterator[Linked]:
    launch_id, log = new_launch_id(), io.StringIO()
    issuer = server.issuer(lifetime)
    spec = LaunchSpec(
        session_id="session-test-0123456789",
        launch_id=launch_id,
        attempt=1,
        owner="tester",
        mode=Mode.INTERACTIVE,
        bus=issuer.work(launch_id),
        bus_renewal=issuer.renewal(launch_id),
        workspace="",
        state_dir="",
        agent="demo",
        policy=PermissionPolicy(mode=PolicyMode.ASK),
    )
    assert spec.bus_renewal is not None
    runner_log = RunnerLog(Redactor([]), {}, log)
    refusals: list[str] = []
    link = BusLink(
        spec.bus,
        "link",
        runner_log,
        renewer=Renewer(spec.bus_renewal, spec, runner_log),
        on_refused=refusals.append,
    )
    control = await connect(server.access(), name="control-plane")
    both = Linked(server, launch_id, link, control, log, refusals=refusals, lifetime=lifetime)
    both.seconds_said = seconds_said
    await control.subscribe(subjects.runner_out(launch_id, "renew"), cb=both.renew)
    await control.subscribe(subjects.runner_out(launch_id, "blob"), cb=both.echo)
    await flush(control)
    try:
        await link.connect()
        await link.listen(f"s.{launch_id}.in.>", both.take)
        yield both
    finally:
        await link.close()
        await control.close()


async def test_while_clients_are_replaced_each_request_arrives_once_and_is_answered(
    nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    retire = Line.retire

    async def slowly(line: Line, patience: float) -> None:
        # for a while both listen, as on a slow machine
        await asyncio.sleep(0.5)
        await retire(line, patience)

    monkeypatch.setattr(Line, "retire", slowly)
    async with linked(nats_server) as both:
        sent = 0
        while both.renewed < 4:
            bodies = [f"{sent + index}".encode() for index in range(8)]
            sent += len(bodies)
            assert await asyncio.gather(*(both.ask(body) for body in bodies)) == [
                b"cancel:" + body for body in bodies
            ]
        assert sorted(both.heard, key=int) == [f"{number}".encode() for number in range(sent)]


async def test_while_clients_are_replaced_each_request_of_the_runner_is_answered(
    nats_server: NatsServer,
) -> None:
    async with linked(nats_server) as both:
        number = 0
        while both.renewed < 4:
            number += 1
            body = f"{number}".encode()
            got = await both.link.request(subjects.runner_out(both.launch_id, "blob"), body, 3)
            assert got == body
        assert not both.link.reconnected.is_set(), "nobody has to send anything again"
        assert "bus_client_replaced" not in both.log.getvalue()


async def test_old_clients_go_away(nats_server: NatsServer) -> None:
    async with linked(nats_server) as both:
        await eventually(lambda: both.renewed >= 3, 20)
        # a third one is the client that takes over or is given up at this moment, and soon gone
        await eventually(lambda: len(reading_loops()) == 2, 10)


def reading_loops() -> list[asyncio.Task[object]]:
    """What reads from the bus now: with old clients gone, one of the control plane and one of the link."""
    return [task for task in asyncio.all_tasks() if "_read_loop" in repr(task.get_coro())]


async def test_a_launch_that_is_over_is_told_once_and_asks_no_more(nats_server: NatsServer) -> None:
    async with linked(nats_server) as both:
        both.refusing = True
        await eventually(lambda: both.refusals, 10)
        assert both.refusals == ["over"]
        with pytest.raises(TimeoutError):
            await both.link.request(subjects.runner_out(both.launch_id, "blob"), b"x", 0.2)


async def test_a_launch_that_is_over_before_it_connects_is_told_so(nats_server: NatsServer) -> None:
    end = time.time() + 1
    issuer = nats_server.issuer(timedelta(seconds=1))
    launch_id = new_launch_id()
    control = await connect(nats_server.access(), name="control-plane")

    async def refuse(message: Msg) -> None:
        await message.respond(RenewalAnswer(granted=False, refusal="over").model_dump_json().encode())

    await control.subscribe(subjects.runner_out(launch_id, "renew"), cb=refuse)
    await flush(control)
    spec = LaunchSpec(
        session_id="s", launch_id=launch_id, attempt=1, owner="x", mode=Mode.TASK, bus=issuer.work(launch_id),
        bus_renewal=issuer.renewal(launch_id), workspace="", state_dir="", agent="demo",
        policy=PermissionPolicy(mode=PolicyMode.ASK),
    )  # fmt: skip
    assert spec.bus_renewal is not None
    log = RunnerLog(Redactor([]), {}, io.StringIO())
    refusals: list[str] = []
    renewer = Renewer(spec.bus_renewal, spec, log)
    link = BusLink(spec.bus, "link", log, renewer=renewer, on_refused=refusals.append)
    await eventually(lambda: time.time() > end + 1, 5)
    with pytest.raises(RenewalRefusedError):
        await link.connect()
    assert refusals == ["over"]
    await link.close()
    await control.close()


async def test_a_server_that_ends_credentials_early_has_them_renewed_earlier(
    nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the server's clock is ahead: it was said to live for an hour, and lives for seconds."""
    monkeypatch.setattr("ccplant_runner.credential._SHORTEST_LIFE_SECONDS", 0.5)
    async with linked(nats_server, seconds_said=3_600.0) as both:

        def cut_off() -> int:
            return both.log.getvalue().count("bus_client_replaced")

        await eventually(lambda: cut_off() == 1, 15)
        renewed = both.renewed
        await eventually(lambda: both.renewed >= renewed + 3, 30)
        assert cut_off() <= 2, "it is renewed in time from then on"
        assert await both.ask(b"1") == b"cancel:1"


async def test_a_bus_that_refuses_everybody_is_not_asked_without_a_pause(
    nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with linked(nats_server) as both:
        dialled: list[float] = []
        dial = Line.dial

        async def counted(line: Line, timeout: float = 5.0) -> None:
            dialled.append(time.monotonic())
            await dial(line, timeout)

        monkeypatch.setattr(Line, "dial", counted)
        keys = nats_server.operator
        nats_server.kill()
        nats_server.operator = type(keys).create()
        try:
            nats_server.start()
            await eventually(lambda: len(dialled) >= 6, 40)
            assert dialled[-1] - dialled[0] > 1
        finally:
            nats_server.kill()
            nats_server.operator = keys
            nats_server.start()

        async def back() -> bool:
            try:
                return await both.link.request(subjects.runner_out(both.launch_id, "blob"), b"x", 1) == b"x"
            except (TimeoutError, NatsError):
                return False

        await eventually(back, 40)


async def test_what_jetstream_was_made_to_answer_to_a_runner_is_no_word_of_the_control_plane(
    nats_server: NatsServer,
) -> None:
    async with linked(nats_server) as both:
        bus = await connect(nats_server.access("all"), name="all")
        js = bus.jetstream()
        await ensure_topology(js)
        victim = subjects.runner_in(both.launch_id, "cancel")
        await js.publish("ccplant.events.eve.session-eve-1.prompt.queued", b'{"prompt_id": "prompt-1"}')
        consumer = await js.pull_subscribe("ccplant.events.>", durable="reflector", stream="CCPLANT_EVENTS")
        # a message of a stream, and the acknowledgement of a publish, both delivered to the runner's own subject
        await bus.publish("$JS.API.CONSUMER.MSG.NEXT.CCPLANT_EVENTS.reflector", b"1", reply=victim)
        await bus.publish("ccplant.events.eve.session-eve-1.prompt.queued", b"{}", reply=victim)
        await flush(bus)
        await eventually(lambda: both.log.getvalue().count("reflected_message_dropped") >= 2)
        assert both.heard == []
        assert await both.ask(b"a real one") == b"cancel:a real one"
        await consumer.unsubscribe()
        await bus.close()
