"""Who may read one owner's lifecycle events reads these, and nothing else that is on the bus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig
from nats.js.errors import APIError

from ccplant_contracts import subjects
from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus.connection import connect, jetstream
from ccplant_platform.bus.subscribers import Subscriber, issue
from ccplant_platform.bus.topology import ensure_topology
from ccplant_platform.settings import SettingsError
from tests.integration.platform.test_rights import refused
from tests.support.servers import Connect, NatsServer
from tests.support.waiting import eventually

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "subscriber.py"
SESSION = "session-alice-0123456789"


def credential(server: NatsServer, owner: str, name: str = "mailer") -> tuple[Subscriber, BusAccess, str]:
    told, text = issue(server.operator, owner, name, timedelta(days=1))
    lines = text.splitlines()
    access = BusAccess(url=server.url, inbox_prefix=told.inbox_prefix, jwt=lines[1], seed=lines[5])
    return told, access, text


async def control(server: NatsServer, connect_bus: Connect) -> Client:
    client = await connect_bus(server.access("orchestrator"), name="orchestrator")
    await ensure_topology(jetstream(client))
    return client


async def asked(client: Client, subject: str, request: object) -> None:
    """Ask JetStream.

    Raises:
        APIError: it refuses.
    """
    answer = json.loads((await client.request(subject, json.dumps(request).encode(), timeout=20)).data)
    if "error" in answer:
        raise APIError.from_error(answer["error"])


async def tell(client: Client, owner: str, number: int) -> None:
    await jetstream(client).publish(
        subjects.event(owner, SESSION, "session.running"),
        b'{"status": "running"}',
        headers={
            "ce-id": f"evt-{owner}-{number}", "ce-type": "ccplant.session.running", "ce-subject": SESSION,
            "ce-sequence": str(number),
        },
    )  # fmt: skip


async def test_it_reads_its_owners_events_and_goes_on_where_it_was(
    connect_bus: Connect, nats_server: NatsServer
) -> None:
    bus = await control(nats_server, connect_bus)
    for owner in ("alice", "bob", "alice-b", "a lice"):
        await tell(bus, owner, 1)
    for owner in ("alice", "a lice"):
        told, access, _ = credential(nats_server, owner)
        for number in (1, 2):
            client = await connect(access, name="reader")
            reading = await jetstream(client).pull_subscribe(
                told.subject, durable=told.consumer, stream=told.stream
            )
            found = await reading.fetch(10, timeout=5)
            assert [message.headers["ce-id"] for message in found if message.headers] == [
                f"evt-{owner}-{number}"
            ]
            await found[0].ack_sync(timeout=20)
            await client.close()
            await tell(bus, owner, number + 1)


async def test_it_can_ask_for_no_other_owners_events(connect_bus: Connect, nats_server: NatsServer) -> None:
    bus = await control(nats_server, connect_bus)
    await tell(bus, "bob", 1)
    told, access, _ = credential(nats_server, "alice")
    client = await connect_bus(access, name="reader")
    js = jetstream(client, timeout=1)
    for subject in (subjects.events_of("bob"), subjects.EVENTS, "ccplant.events.*.*.session.running"):
        with pytest.raises((NatsError, TimeoutError)):
            await js.pull_subscribe(subject, durable=told.consumer, stream=told.stream)
    # the body asks for more than the subject says
    for config in (
        ConsumerConfig(durable_name=told.consumer, filter_subject=subjects.events_of("bob")),
        ConsumerConfig(durable_name=told.consumer),
        ConsumerConfig(durable_name=told.consumer, filter_subjects=[subjects.events_of("bob")]),
    ):
        request = {"stream_name": told.stream, "config": config.evolve(name=told.consumer).as_dict()}
        subject = f"$JS.API.CONSUMER.CREATE.{told.stream}.{told.consumer}.{told.subject}"
        with pytest.raises(APIError):
            await asked(client, subject, request)
    assert [one.name for one in await jetstream(bus).consumers_info(told.stream)] == []


async def test_it_can_do_nothing_else_on_the_bus(connect_bus: Connect, nats_server: NatsServer) -> None:
    await control(nats_server, connect_bus)
    told, access, _ = credential(nats_server, "alice")
    others = credential(nats_server, "alice-b")[0], credential(nats_server, "alice", "other")[0]
    stream, output = told.stream, subjects.STREAM_OUTPUT
    publish = [
        subjects.command("session.stop"), subjects.command("session.dispatch"), subjects.WAKE_SCHEDULES,
        subjects.event("alice", SESSION, "session.completed"), subjects.runner_in("l1", "prompt"),
        subjects.runner_out("l1", "events"), subjects.watch_hint(SESSION), "$JS.API.INFO", "$JS.API.STREAM.NAMES",
        f"$JS.API.STREAM.INFO.{stream}", f"$JS.API.STREAM.PURGE.{stream}", f"$JS.API.DIRECT.GET.{stream}",
        f"$JS.API.STREAM.MSG.GET.{stream}", f"$JS.API.CONSUMER.CREATE.{stream}", f"$JS.API.CONSUMER.LIST.{stream}",
        f"$JS.API.CONSUMER.CREATE.{stream}.{told.consumer}", f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{told.consumer}",
        f"$JS.API.CONSUMER.CREATE.{output}.{told.consumer}.{subjects.OUTPUT}",
        f"$JS.API.CONSUMER.MSG.NEXT.{output}.{subjects.OUTPUT_CONSUMER}",
        f"$JS.API.CONSUMER.MSG.NEXT.{subjects.STREAM_COMMANDS}.{subjects.COMMANDS_CONSUMER}",
        *(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{one.consumer}" for one in others),
        *(f"$JS.API.CONSUMER.DELETE.{stream}.{one.consumer}" for one in others),
        *(f"$JS.API.CONSUMER.CREATE.{stream}.{one.consumer}.{one.subject}" for one in others),
    ]  # fmt: skip
    assert await refused(access, publish=publish) == {subject.lower() for subject in publish}
    subscribe = [
        ">", "ccplant.>", "s.>", "_INBOX.>", subjects.COMMANDS, subjects.EVENTS, subjects.any_runner_out("events"),
        subjects.any_runner_out("delta"), *(f"{one.inbox_prefix}.>" for one in others),
    ]  # fmt: skip
    assert await refused(access, subscribe=subscribe) == {subject.lower() for subject in subscribe}


def test_no_two_subscribers_share_a_consumer_or_an_inbox(nats_server: NatsServer) -> None:
    pairs = [
        ("alice", "b"),
        ("alice", "b-alice"),
        ("b-alice", "b"),
        ("a lice", "b"),
        ("ALICE", "b"),
        ("alice", "c"),
    ]
    told = [credential(nats_server, owner, name)[0] for owner, name in pairs]
    assert len({one.consumer for one in told}) == len({one.inbox_prefix for one in told}) == len(pairs)


@pytest.mark.parametrize(
    ("owner", "name"), [("alice", "*"), ("alice", "a_b"), ("alice", ""), ("", "b"), ("x", "a.b")]
)
def test_a_name_that_would_widen_the_rights_is_refused(
    nats_server: NatsServer, owner: str, name: str
) -> None:
    with pytest.raises(SettingsError):
        credential(nats_server, owner, name)


@contextmanager
def example(server: NatsServer, told: Subscriber, credentials: Path, output: Path) -> Iterator[None]:
    environment = {
        **os.environ, "NATS_URL": server.url, "NATS_CREDENTIALS": str(credentials), "NATS_INBOX_PREFIX": told.inbox_prefix,
        "EVENTS_STREAM": told.stream, "EVENTS_CONSUMER": told.consumer, "EVENTS_SUBJECT": told.subject,
        "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    with output.open("a") as file:
        process = subprocess.Popen([sys.executable, str(EXAMPLE)], env=environment, stdout=file, stderr=file)
        try:
            yield
        finally:
            process.kill()
            process.wait(timeout=30)


async def test_the_example_of_the_documentation_sees_each_event_once_and_goes_on_after_a_crash(
    connect_bus: Connect, nats_server: NatsServer, tmp_path: Path
) -> None:
    bus = await control(nats_server, connect_bus)
    told, _, text = credential(nats_server, "alice")
    credentials, output = tmp_path / "reader.creds", tmp_path / "output"
    credentials.write_text(text)

    def numbers() -> list[str]:
        lines = output.read_text().splitlines() if output.exists() else []
        return [line.split()[2] for line in lines if line.startswith("ccplant.session.running")]

    async def acknowledged() -> bool:
        info = await jetstream(bus).consumer_info(told.stream, told.consumer)
        return bool(info.num_ack_pending == 0 and info.num_pending == 0)

    await tell(bus, "alice", 1)
    await tell(bus, "bob", 7)
    with example(nats_server, told, credentials, output):
        await eventually(lambda: numbers() == ["1"])
        await tell(bus, "alice", 1)  # at least once: it comes again
        await tell(bus, "alice", 2)
        await eventually(lambda: numbers() == ["1", "2"])
        await eventually(acknowledged)
    await tell(bus, "alice", 3)
    with example(nats_server, told, credentials, output):
        await eventually(lambda: numbers() == ["1", "2", "3"])
