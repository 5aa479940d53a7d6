"""Who may ask a runner what changed in its workspace, and who may answer: asked of a real server."""

from __future__ import annotations

import pytest
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from ccplant_contracts import subjects
from ccplant_contracts.ids import new_launch_id
from ccplant_platform.bus.connection import connect, flush
from tests.integration.platform.test_rights import refused
from tests.support.servers import NatsServer

MINE, OTHER = new_launch_id(), new_launch_id()


async def test_the_gateway_asks_a_runner_for_changes_and_for_nothing_else(nats_server: NatsServer) -> None:
    orders = [
        subjects.runner_in(MINE, kind)
        for kind in ("prompt", "cancel", "permission", "stop", "stored", "deadline")
    ]
    denied = await refused(
        nats_server.access("api"),
        publish=[*orders, subjects.runner_in(MINE, "changes")],
        subscribe=[f"s.{MINE}.in.>", subjects.any_runner_in("changes")],
    )
    assert denied == {subject.lower() for subject in [*orders, f"s.{MINE}.in.>", "s.*.in.changes"]}


@pytest.mark.parametrize("role", ["webhook-ingest", "scheduler"])
async def test_no_other_service_asks_for_changes(nats_server: NatsServer, role: str) -> None:
    subject = subjects.runner_in(MINE, "changes")
    assert await refused(nats_server.access(role), publish=[subject]) == {subject}  # type: ignore[arg-type]


async def test_no_launch_asks_or_hears_another(nats_server: NatsServer) -> None:
    subject = subjects.runner_in(OTHER, "changes")
    access = nats_server.launch_access(MINE)
    assert await refused(
        access, publish=[subject], subscribe=[subject, subjects.any_runner_in("changes")]
    ) == {
        subject,
        "s.*.in.changes",
    }


async def test_only_the_launch_that_was_asked_can_answer(nats_server: NatsServer) -> None:
    gateway = await connect(nats_server.access("api"), name="gateway")
    runner = await connect(nats_server.launch_access(MINE), name="mine")
    other = await connect(nats_server.launch_access(OTHER), name="other")
    try:
        replies: list[str] = []

        async def asked(message: object) -> None:
            reply = message.reply  # type: ignore[attr-defined]
            replies.append(reply)
            # another launch that got to know the address all the same
            await other.publish(reply, b"forged")
            await flush(other)
            await message.respond(b"true")  # type: ignore[attr-defined]

        await runner.subscribe(subjects.runner_in(MINE, "changes"), cb=asked)
        await flush(runner)
        answer = await gateway.request(subjects.runner_in(MINE, "changes"), b"{}", timeout=20)
        assert answer.data == b"true"
        assert len(replies) == 1
        with pytest.raises((NoRespondersError, NatsError)):
            await gateway.request(subjects.runner_in(OTHER, "changes"), b"{}", timeout=1)
    finally:
        for client in (gateway, runner, other):
            await client.close()
