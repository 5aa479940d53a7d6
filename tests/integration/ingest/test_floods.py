"""Floods: whoever sends much, or slowly, or wrongly, keeps nobody else's deliveries out, and fills no memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import httpx
import psutil
import pytest

from ccplant_contracts.ids import new_webhook_id
from ccplant_store import Store
from ccplant_store.webhooks.model import WebhookDoc
from tests.integration.ingest.conftest import Stage
from tests.support.ingest import IngestProcess, Sender, make_webhook, pull_request, sender_to
from tests.support.waiting import eventually

MakeProcess = Callable[[], IngestProcess]

pytestmark = pytest.mark.timeout(300)


@contextlib.asynccontextmanager
async def flooding(send: Callable[[], object], senders: int = 4) -> AsyncIterator[list[int]]:
    """Send for as long as the block lasts, as fast as is answered; gives the answers' statuses."""
    over = asyncio.Event()
    statuses: list[int] = []

    async def keep_sending() -> None:
        while not over.is_set():
            with contextlib.suppress(httpx.TransportError):
                answer = await send()  # type: ignore[misc]
                statuses.append(answer.status_code)

    tasks = [asyncio.create_task(keep_sending()) for _ in range(senders)]
    try:
        yield statuses
    finally:
        over.set()
        await asyncio.gather(*tasks)


async def test_valid_deliveries_get_through_a_flood_of_wrong_signatures_and_unknown_webhooks(
    store: Store, process: MakeProcess
) -> None:
    webhook = await make_webhook(store, events=("push",))
    one = process()
    await one.start()
    async with (
        sender_to(one.url) as attacker,
        sender_to(one.url) as github,
        flooding(lambda: attacker.send(webhook, secret="wrong")) as unsigned,
        flooding(lambda: attacker.send(new_webhook_id(), secret="wrong")) as unknown,
    ):
        answers = [await github.send(webhook, pull_request(number)) for number in range(40)]
    assert {answer.status_code for answer in answers} == {202}
    assert set(unsigned) == {401}
    assert set(unknown) == {404}
    assert min(len(unsigned), len(unknown)) > 40
    assert await store.database.collection("deliveries").count({}, limit=1_000) == 40


async def test_a_flood_of_wrong_signatures_is_no_flood_of_questions_to_mongodb(
    store: Store, process: MakeProcess
) -> None:
    webhook = await make_webhook(store)
    one = process()
    await one.start()

    async def questions() -> int:
        status = await store.database.command({"serverStatus": 1})
        return int(status["opcounters"]["query"])

    async with sender_to(one.url) as attacker:
        await attacker.send(webhook, secret="wrong")
        before, seconds = await questions(), asyncio.get_running_loop().time()
        async with flooding(lambda: attacker.send(webhook, secret="wrong")) as statuses:
            await eventually(lambda: len(statuses) > 300, 60)
        asked = await questions() - before
        took = asyncio.get_running_loop().time() - seconds
    # four times a second at most for the webhook, five for the sweep, and what looks on
    assert asked <= 12 * (took + 1)


@contextlib.asynccontextmanager
async def unfinished(
    github: Sender, webhook: WebhookDoc, count: int, sent: int = 1, announced: int = 10
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Senders that begin a body and do not go on."""
    host, port = github.base_url.removeprefix("http://").split(":")
    opened = [await asyncio.open_connection(host, int(port)) for _ in range(count)]
    head = f"POST /webhooks/{webhook.id} HTTP/1.1\r\nhost: x\r\ncontent-length: {announced}\r\n\r\n".encode()
    try:
        for _, writer in opened:
            writer.write(head + b"x" * sent)
            await writer.drain()
        yield [reader for reader, _ in opened]
    finally:
        for _, writer in opened:
            writer.close()


async def test_more_than_there_is_room_for_is_answered_503_and_told_when_to_come_again(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester(ingest_max_requests=8)

    async def refused() -> bool:
        async with unfinished(github, webhook, 8):
            answer = await github.send(webhook)
        return (answer.status_code, answer.headers.get("retry-after")) == (503, "2")

    await eventually(refused)

    async def room_again() -> bool:
        return (await github.send(webhook)).status_code == 202

    await eventually(room_again)


async def test_senders_that_fill_all_places_slowly_keep_no_delivery_out(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester(ingest_max_requests=8, ingest_body_timeout_seconds=600)
    async with unfinished(github, webhook, 8) as slow:

        async def gets_in() -> bool:
            return (await github.send(webhook)).status_code == 202

        await eventually(gets_in)
        async with asyncio.timeout(30):
            assert b" 408 " in await slow[0].readline()  # the one that had to make way
        assert [(await github.send(webhook)).status_code for _ in range(20)] == [202] * 20


async def test_an_address_with_many_places_makes_way_to_another_at_once(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester(ingest_max_requests=8, ingest_trust_proxy_headers=True)
    async with unfinished(github, webhook, 8):
        answer = await github.send(webhook, headers={"x-forwarded-for": "made up, 192.0.2.7"})
    assert answer.status_code == 202


async def test_large_bodies_have_a_room_of_their_own_and_small_ones_go_on(stage: Stage) -> None:
    webhook = await make_webhook(stage.store)
    github = await stage.ingester(ingest_max_large=1, ingest_body_timeout_seconds=600)
    size = 2_000_000
    large = pull_request(pad="x" * size)

    async def no_room() -> bool:
        async with unfinished(github, webhook, 1, size - 1, size):
            answer = await github.send(webhook, large)
            assert (await github.send(webhook)).status_code == 202
        return answer.status_code == 503

    await eventually(no_room)
    async with unfinished(github, webhook, 1, size - 1, size) as slow:

        async def gets_in() -> bool:
            return (await github.send(webhook, large)).status_code == 202

        await eventually(gets_in)
        async with asyncio.timeout(30):
            assert b" 408 " in await slow[0].readline()


async def test_bodies_without_an_end_fill_no_memory(store: Store, process: MakeProcess) -> None:
    webhook = await make_webhook(store)
    one = process()
    await one.start()
    assert one.process is not None
    memory = psutil.Process(one.process.pid).memory_info
    before, most = memory().rss, 0

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(80):  # 80 MB each
            yield b"x" * 1_000_000

    async with sender_to(one.url) as attacker:

        async def send() -> None:
            with contextlib.suppress(httpx.TransportError):
                answer = await attacker.client.post(f"{one.url}/webhooks/{webhook.id}", content=endless())
                assert answer.status_code in (413, 503)

        sending = asyncio.gather(*(send() for _ in range(6)))
        while not sending.done():
            most = max(most, memory().rss)
            await asyncio.sleep(0.05)
        await sending
        assert (await attacker.send(webhook)).status_code == 202
    assert most - before < 250_000_000  # four of 25 MB, twice each while they are put together, and the rest
