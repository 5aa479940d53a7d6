"""Who gets the next credential: the launch that its session's document names, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from ccplant_contracts import subjects
from ccplant_contracts.ids import new_launch_id
from ccplant_contracts.launch import BusAccess, LaunchSpec, RenewalAnswer, RenewalRequest
from ccplant_contracts.status import Status
from ccplant_platform.bus import jwts
from ccplant_platform.bus.connection import connect, flush
from tests.integration.orchestrator.conftest import Plant
from tests.support.servers import Connect, MongoServer
from tests.support.waiting import eventually


def user() -> jwts.KeyPair:
    return jwts.new_key(jwts.USER)


async def ask(access: BusAccess, request: RenewalRequest, timeout: float = 5) -> RenewalAnswer:
    """Ask as a runner does, with the renewal credential."""
    bus = await connect(access, name="renewal")
    try:
        subject = subjects.runner_out(request.launch_id, "renew")
        reply = await bus.request(subject, request.model_dump_json().encode(), timeout=timeout)
        return RenewalAnswer.model_validate_json(reply.data)
    finally:
        await bus.close()


async def running(plant: Plant) -> LaunchSpec:
    session = await plant.create()
    runner = await plant.runner(session.id)
    return plant.runtime.launched[runner.launch_id]


def renewal(spec: LaunchSpec) -> BusAccess:
    assert spec.bus_renewal is not None
    return spec.bus_renewal


def request(spec: LaunchSpec, key: jwts.KeyPair | None = None) -> RenewalRequest:
    return RenewalRequest(
        session_id=spec.session_id, launch_id=spec.launch_id, public_key=jwts.public(key or user())
    )


@pytest.fixture
def launch_lifetime() -> timedelta:
    """Half a minute."""
    return timedelta(seconds=30)


async def test_a_current_launch_gets_a_credential_that_works_with_its_own_key(
    plant: Plant, connect_bus: Connect
) -> None:
    spec = await running(plant)
    key = user()
    answer = await ask(renewal(spec), request(spec, key))
    assert answer.granted
    assert answer.seconds_to_live is not None
    assert 28 <= answer.seconds_to_live <= 30
    access = spec.bus.model_copy(update={"jwt": answer.jwt, "seed": key.seed.decode()})
    bus = await connect_bus(access, name="renewed")
    await bus.subscribe(f"s.{spec.launch_id}.in.>")
    await flush(bus)
    assert jwts.claims_of(answer.jwt or "")["name"] == spec.launch_id


async def test_any_replica_answers(plant: Plant) -> None:
    spec = await running(plant)
    await plant.start_replica()
    for _ in range(10):
        assert (await ask(renewal(spec), request(spec))).granted
    await plant.stop_first_replica()
    assert (await ask(renewal(spec), request(spec))).granted


async def test_a_launch_that_is_over_gets_none(plant: Plant) -> None:
    spec = await running(plant)
    await plant.stop(spec.session_id, force=True)
    session = await plant.settled(spec.session_id)
    assert session.status is Status.TERMINATED
    answer = await ask(renewal(spec), request(spec))
    assert not answer.granted
    assert answer.jwt is None


async def test_a_launch_that_was_never_the_sessions_gets_none(plant: Plant) -> None:
    spec = await running(plant)
    foreign = new_launch_id()
    asked = RenewalRequest(session_id=spec.session_id, launch_id=foreign, public_key=jwts.public(user()))
    answer = await ask(plant.nats.issuer().renewal(foreign), asked)
    assert not answer.granted
    assert answer.refusal == "another launch serves this session"
    unknown = asked.model_copy(update={"session_id": "session-nobody-0123456789"})
    assert not (await ask(plant.nats.issuer().renewal(foreign), unknown)).granted


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"session_id": 1}', b"\xff"])
async def test_what_makes_no_sense_is_neither_granted_nor_refused(plant: Plant, body: bytes) -> None:
    spec = await running(plant)
    bus = await connect(renewal(spec), name="renewal")
    with pytest.raises((NatsError, TimeoutError)):
        await bus.request(subjects.runner_out(spec.launch_id, "renew"), body, timeout=0.5)
    await bus.close()
    assert (await ask(renewal(spec), request(spec))).granted, "the next one is answered"


async def test_a_launch_cannot_ask_in_anothers_name(plant: Plant) -> None:
    mine, other = await running(plant), await running(plant)
    body = request(other).model_dump_json().encode()
    bus = await connect(renewal(mine), name="renewal")
    with pytest.raises((NatsError, TimeoutError)):
        await bus.request(subjects.runner_out(mine.launch_id, "renew"), body, timeout=0.5)
    await bus.close()


@pytest.mark.parametrize("key", ["", "not a key", "A" * 56])
async def test_nothing_is_signed_for_what_is_no_key(plant: Plant, key: str) -> None:
    spec = await running(plant)
    asked = request(spec).model_copy(update={"public_key": key})
    with pytest.raises((NatsError, TimeoutError)):
        await ask(renewal(spec), asked, timeout=0.5)


async def test_an_answer_never_goes_to_another_launch(plant: Plant) -> None:
    mine, other = await running(plant), await running(plant)
    bus = await connect(renewal(mine), name="renewal")
    heard: list[bytes] = []

    async def hear(message: Msg) -> None:
        heard.append(message.data)

    victim = await connect(renewal(other), name="victim")
    await victim.subscribe(f"{subjects.renewal_inbox_prefix(other.launch_id)}.>", cb=hear)
    await flush(victim)
    subject = subjects.runner_out(mine.launch_id, "renew")
    body = request(mine).model_dump_json().encode()
    for reply in _foreign(other):
        await bus.publish(subject, body, reply=reply)
    await flush(bus)
    assert (await ask(renewal(mine), request(mine))).granted, "what came before has been dealt with"
    await flush(victim)
    assert heard == []
    await bus.close()
    await victim.close()


async def test_without_a_database_nobody_is_refused(plant: Plant, mongod: MongoServer) -> None:
    spec = await running(plant)
    mongod.freeze()
    try:
        with pytest.raises((NatsError, TimeoutError)):
            await ask(renewal(spec), request(spec), timeout=0.5)
    finally:
        mongod.thaw()

    async def granted() -> bool:
        try:
            return (await ask(renewal(spec), request(spec), timeout=2)).granted
        except (NatsError, TimeoutError):
            return False

    await eventually(granted, 30)


def _foreign(other: LaunchSpec) -> Sequence[str]:
    return (
        f"{subjects.renewal_inbox_prefix(other.launch_id)}.x",
        f"{subjects.inbox_prefix(other.launch_id)}.x",
        subjects.runner_in(other.launch_id, "prompt"),
    )
