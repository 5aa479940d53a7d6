"""What each bus user can do and, above all, what it cannot: asked of a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, DeliverPolicy
from structlog.testing import capture_logs

from ccplant_contracts import subjects
from ccplant_contracts.ids import new_launch_id
from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus import jwts
from ccplant_platform.bus.connection import BusUnreachableError, connect, flush, jetstream
from ccplant_platform.bus.credentials import UnsafeNameError
from ccplant_platform.bus.replies import answer
from ccplant_platform.bus.rights import ServiceRole
from ccplant_platform.bus.topology import ensure_topology
from tests.support.servers import Connect, NatsServer
from tests.support.waiting import eventually

MINE, OTHER = new_launch_id(), new_launch_id()
SESSION = "session-alice-0123456789"


async def refused(
    access: BusAccess, *, publish: Sequence[str] = (), subscribe: Sequence[str] = ()
) -> set[str]:
    """Return those subjects that the server does not let this user use."""
    client = await connect(access, name="tried")
    with capture_logs() as lines:
        for subject in subscribe:
            await client.subscribe(subject)
        for subject in publish:
            await client.publish(subject, b"{}")
        await flush(client)
        await flush(client)
    await client.close()
    errors = [line["error"] for line in lines if line["event"] == "bus_error"]
    return {match[1].lower() for error in errors if (match := re.search(r'violation.*?"([^"]+)"', error))}


async def prepared(server: NatsServer, connect_bus: Connect) -> Client:
    client = await connect_bus(server.access("orchestrator"), name="orchestrator")
    await ensure_topology(jetstream(client))
    return client


async def test_a_launch_has_its_own_subjects_and_inbox(nats_server: NatsServer) -> None:
    out = [
        subjects.runner_out(MINE, kind)
        for kind in ("events", "delta", "register", "heartbeat", "blob", "attachment")
    ]
    into = [f"s.{MINE}.in.>", f"{subjects.inbox_prefix(MINE)}.x"]
    assert await refused(nats_server.launch_access(MINE), publish=out, subscribe=into) == set()


async def test_a_launch_has_nothing_of_anybody_else(nats_server: NatsServer) -> None:
    publish = [
        subjects.runner_out(OTHER, "events"), subjects.runner_out(OTHER, "register"), subjects.runner_in(OTHER, "prompt"),
        subjects.runner_in(MINE, "prompt"), subjects.command("session.stop"),
        subjects.runner_out(MINE, "renew"),
        subjects.event("alice", SESSION, "session.created"),
        subjects.watch_hint(SESSION), subjects.WAKE_DEADLINES, subjects.HEALTH_ORCHESTRATOR,
        f"{subjects.inbox_prefix('api')}.1", f"{subjects.inbox_prefix(OTHER)}.1",
        f"$JS.API.STREAM.INFO.{subjects.STREAM_OUTPUT}", "$JS.API.STREAM.NAMES", "$JS.API.INFO",
        f"$JS.API.CONSUMER.MSG.NEXT.{subjects.STREAM_OUTPUT}.{subjects.OUTPUT_CONSUMER}", "$SYS.REQ.SERVER.PING",
    ]  # fmt: skip
    subscribe = [
        f"s.{OTHER}.in.>", f"s.{OTHER}.out.>", f"s.{MINE}.out.>", "s.*.in.prompt", "s.>", ">", "_INBOX.>",
        f"{subjects.inbox_prefix(OTHER)}.>", f"{subjects.inbox_prefix('orchestrator')}.>", "ccplant.>",
        subjects.watch_all(SESSION), subjects.any_runner_out("delta"),
    ]  # fmt: skip
    denied = await refused(nats_server.launch_access(MINE), publish=publish, subscribe=subscribe)
    assert denied == {subject.lower() for subject in [*publish, *subscribe]}


@pytest.mark.parametrize("name", ["*", ">", "a.b", "", "A", "l1 x", "l1\n", "-l", "l*", "{{name()}}"])
def test_a_name_that_would_widen_rights_is_refused_at_issue(nats_server: NatsServer, name: str) -> None:
    with pytest.raises(UnsafeNameError):
        nats_server.launch_access(name)


async def test_a_renewal_credential_may_ask_for_a_renewal_and_hear_the_answer(
    nats_server: NatsServer,
) -> None:
    denied = await refused(
        nats_server.issuer().renewal(MINE),
        publish=[subjects.runner_out(MINE, "renew")],
        subscribe=[f"{subjects.renewal_inbox_prefix(MINE)}.x"],
    )
    assert denied == set()


async def test_a_renewal_credential_may_do_nothing_else(nats_server: NatsServer) -> None:
    kinds: tuple[subjects.OutKind, ...] = ("events", "delta", "register", "heartbeat", "blob", "attachment")
    publish = [
        *(subjects.runner_out(MINE, kind) for kind in kinds), subjects.runner_out(OTHER, "renew"),
        subjects.runner_in(OTHER, "prompt"), subjects.command("session.stop"), subjects.HEALTH_ORCHESTRATOR,
        f"{subjects.inbox_prefix(OTHER)}.1", f"{subjects.renewal_inbox_prefix(OTHER)}.1",
        f"$JS.API.STREAM.INFO.{subjects.STREAM_OUTPUT}", "$JS.API.INFO", "$SYS.REQ.SERVER.PING",
    ]  # fmt: skip
    subscribe = [
        f"s.{MINE}.in.>", f"s.{OTHER}.in.>", f"s.{MINE}.out.>", ">", "s.>", "_INBOX.>", "ccplant.>",
        f"{subjects.inbox_prefix(MINE)}.>", f"{subjects.renewal_inbox_prefix(OTHER)}.>",
    ]  # fmt: skip
    access = nats_server.issuer().renewal(MINE)
    denied = await refused(access, publish=publish)
    for subject in subscribe:
        # one at a time: a credential with so little to do has few subscriptions
        denied |= await refused(access, subscribe=[subject])
    assert denied == {subject.lower() for subject in [*publish, *subscribe]}


@pytest.mark.parametrize("key", ["", "U", "UDX", "A" * 56, "S" * 56, "*", "\u3042" * 56, "U" * 4_000])
def test_nothing_is_signed_for_what_is_no_users_key(nats_server: NatsServer, key: str) -> None:
    with pytest.raises(UnsafeNameError):
        nats_server.issuer().renew(MINE, key)


async def test_wiping_what_the_bus_stored_locks_nobody_out(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    issuer = nats_server.issuer()
    given = [
        nats_server.access("orchestrator"), nats_server.access("api"), issuer.work(MINE), issuer.renewal(MINE),
    ]  # fmt: skip
    await prepared(nats_server, connect_bus)
    nats_server.wipe()
    for access in given:
        client = await connect_bus(access, name="again")
        await flush(client)


@pytest.mark.parametrize("which", ["signing_seed", "renewal_seed"])
async def test_the_orchestrators_keys_sign_launches_and_nothing_stronger(
    nats_server: NatsServer, which: str
) -> None:
    """A user with rights of its own in its JWT, signed by a scoped key, is not let in."""
    operator = nats_server.operator
    user = jwts.new_key(jwts.USER)
    claims: dict[str, object] = {
        "type": "user", "version": 2, "issuer_account": operator.account, "subs": -1, "data": -1, "payload": -1,
        "pub": {"allow": [">"]}, "sub": {"allow": [">"]},
    }  # fmt: skip
    jwt = jwts.sign(jwts.public(user), "forged", claims, jwts.key_of(getattr(operator, which)))
    forged = BusAccess(url=nats_server.url, inbox_prefix="_INBOX_forged", jwt=jwt, seed=user.seed.decode())
    with pytest.raises(ConnectionError):
        await _connected(forged)


async def _connected(access: BusAccess) -> None:
    try:
        client = await connect(access, name="forged", timeout=20)
    except BusUnreachableError as error:
        raise ConnectionError(str(error)) from error
    await client.close()


async def test_a_launch_publishes_to_its_stream_with_an_acknowledgement(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    await prepared(nats_server, connect_bus)
    runner = await connect_bus(nats_server.launch_access(MINE), name="runner")
    stored = await jetstream(runner).publish(subjects.runner_out(MINE, "events"), b"{}")
    assert (stored.stream, stored.seq) == (subjects.STREAM_OUTPUT, 1)


async def test_a_launch_answers_what_it_is_asked(connect_bus: Connect, nats_server: NatsServer) -> None:
    control = await prepared(nats_server, connect_bus)
    runner = await connect_bus(nats_server.launch_access(MINE), name="runner")

    async def receive(message: Msg) -> None:
        await message.respond(b"accepted")

    await runner.subscribe(f"s.{MINE}.in.>", cb=receive)
    await flush(runner)
    got = await control.request(subjects.runner_in(MINE, "prompt"), b"{}", timeout=20)
    assert got.data == b"accepted"


async def test_an_answer_never_becomes_an_order_to_another_launch(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    control = await prepared(nats_server, connect_bus)
    victim = await connect_bus(nats_server.launch_access(OTHER), name="victim")
    hostile = await connect_bus(nats_server.launch_access(MINE), name="hostile")
    heard: list[bytes] = []
    answers: list[bool] = []

    async def hear(message: Msg) -> None:
        heard.append(message.data)

    async def registered(message: Msg) -> None:
        answers.append(await answer(message, b'{"accepted": true, "stored_to": 10}'))

    await victim.subscribe(f"s.{OTHER}.in.>", cb=hear)
    await control.subscribe(subjects.any_runner_out("register"), cb=registered)
    await flush(victim)
    await flush(control)
    await hostile.publish(
        subjects.runner_out(MINE, "register"), b"{}", reply=subjects.runner_in(OTHER, "stored")
    )
    await eventually(lambda: answers == [False])
    # what the control plane does say to the victim comes after anything that was wrongly sent there
    await control.publish(subjects.runner_in(OTHER, "stored"), b"real")
    await eventually(lambda: heard)
    assert heard == [b"real"]
    assert (await hostile.request(subjects.runner_out(MINE, "register"), b"{}", timeout=20)).data


async def test_the_gateway_sends_commands_and_reads_events(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    control = await prepared(nats_server, connect_bus)
    api = await connect_bus(nats_server.access("api"), name="api")
    js = jetstream(api)
    assert (await js.publish(subjects.command("session.launch"), b"{}")).stream == subjects.STREAM_COMMANDS

    subject = subjects.event("alice", SESSION, "session.created")
    await jetstream(control).publish(subject, b'{"n": 1}')
    events = await js.subscribe(
        subjects.EVENTS,
        stream=subjects.STREAM_EVENTS,
        ordered_consumer=True,
        config=ConsumerConfig(deliver_policy=DeliverPolicy.ALL),
    )
    first = await events.next_msg(timeout=20)
    assert (first.subject, json.loads(first.data)) == (subject, {"n": 1})
    await events.unsubscribe()

    hinted = await api.subscribe(subjects.watch_all(SESSION))
    await flush(api)
    await control.publish(subjects.watch_stored(SESSION), b"{}")
    assert (await hinted.next_msg(timeout=20)).subject == subjects.watch_stored(SESSION)


async def test_the_gateway_asks_the_orchestrator(connect_bus: Connect, nats_server: NatsServer) -> None:
    control = await prepared(nats_server, connect_bus)
    api = await connect_bus(nats_server.access("api"), name="api")

    async def health(message: Msg) -> None:
        await message.respond(b"ok")

    await control.subscribe(subjects.HEALTH_ORCHESTRATOR, queue="orchestrator", cb=health)
    await flush(control)
    assert (await api.request(subjects.HEALTH_ORCHESTRATOR, b"", timeout=20)).data == b"ok"


async def test_the_gateway_cannot_speak_as_the_control_plane(nats_server: NatsServer) -> None:
    publish = [
        subjects.runner_in(MINE, "prompt"), subjects.runner_in(MINE, "stored"), subjects.runner_out(MINE, "events"),
        subjects.event("alice", SESSION, "session.completed"), subjects.dead_letter("A", "b"),
        f"$JS.API.STREAM.DELETE.{subjects.STREAM_EVENTS}", f"$JS.API.STREAM.PURGE.{subjects.STREAM_EVENTS}",
        f"$JS.API.STREAM.INFO.{subjects.STREAM_OUTPUT}", f"$JS.API.CONSUMER.CREATE.{subjects.STREAM_OUTPUT}",
        f"$JS.API.CONSUMER.MSG.NEXT.{subjects.STREAM_COMMANDS}.{subjects.COMMANDS_CONSUMER}",
    ]  # fmt: skip
    subscribe = [
        subjects.runner_in(MINE, "prompt"), subjects.any_runner_out("register"), subjects.any_runner_out("events"),
        f"{subjects.inbox_prefix('orchestrator')}.>", "_INBOX.>", subjects.COMMANDS,
    ]  # fmt: skip
    denied = await refused(nats_server.access("api"), publish=publish, subscribe=subscribe)
    assert denied == {subject.lower() for subject in [*publish, *subscribe]}


TRIGGERS: list[tuple[ServiceRole, str, str]] = [
    ("webhook-ingest", subjects.WAKE_DELIVERIES, subjects.WAKE_SCHEDULES),
    ("scheduler", subjects.WAKE_SCHEDULES, subjects.WAKE_DELIVERIES),
]


@pytest.mark.parametrize(("role", "wake", "_other"), TRIGGERS)
async def test_what_takes_in_triggers_tells_of_a_dispatch_and_hears_its_own_wake_hint(
    connect_bus: Connect, nats_server: NatsServer, role: ServiceRole, wake: str, _other: str
) -> None:
    await prepared(nats_server, connect_bus)
    api = await connect_bus(nats_server.access("api"), name="api")
    service = await connect_bus(nats_server.access(role), name=role)
    stored = await jetstream(service).publish(subjects.command("session.dispatch"), b"{}")
    assert stored.stream == subjects.STREAM_COMMANDS
    woken = await service.subscribe(wake)
    await flush(service)
    await api.publish(wake, b"")
    assert (await woken.next_msg(timeout=20)).subject == wake


@pytest.mark.parametrize(("role", "_wake", "other"), TRIGGERS)
async def test_what_takes_in_triggers_can_do_nothing_else(
    nats_server: NatsServer, role: ServiceRole, _wake: str, other: str
) -> None:
    publish = [
        subjects.command("session.launch"), subjects.command("session.stop"), subjects.command("prompt.deliver"),
        subjects.event("alice", SESSION, "session.created"), subjects.runner_in(MINE, "prompt"),
        subjects.runner_out(MINE, "events"), subjects.dead_letter("A", "b"), subjects.HEALTH_ORCHESTRATOR,
        subjects.watch_hint(SESSION), subjects.WAKE_DEADLINES, other, "ccplant.control.x", "$JS.API.INFO",
        f"$JS.API.STREAM.INFO.{subjects.STREAM_COMMANDS}", f"$JS.API.CONSUMER.CREATE.{subjects.STREAM_EVENTS}",
        f"$JS.API.STREAM.PURGE.{subjects.STREAM_COMMANDS}", f"{subjects.inbox_prefix('api')}.1",
    ]  # fmt: skip
    subscribe = [
        ">", "ccplant.>", "s.>", "_INBOX.>", subjects.COMMANDS, subjects.EVENTS, subjects.watch_all(SESSION), other,
        subjects.any_runner_out("delta"), f"{subjects.inbox_prefix('orchestrator')}.>",
    ]  # fmt: skip
    denied = await refused(nats_server.access(role), publish=publish, subscribe=subscribe)
    assert denied == {subject.lower() for subject in [*publish, *subscribe]}


async def test_nobody_comes_in_without_a_credential(nats_server: NatsServer) -> None:
    with pytest.raises(ConnectionError, match="refused"):
        await _connected(BusAccess(url=nats_server.url, inbox_prefix="_INBOX_x"))


async def test_a_denied_publish_with_acknowledgement_fails_in_time(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    await prepared(nats_server, connect_bus)
    runner = await connect_bus(nats_server.launch_access(MINE), name="runner")
    with pytest.raises((NatsError, TimeoutError)):
        await jetstream(runner, timeout=0.5).publish(subjects.runner_out(OTHER, "events"), b"{}")
