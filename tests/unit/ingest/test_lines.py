"""Lines: each webhook's deliveries are decided in the order of receipt, and none is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ccplant_store.deliveries.model import DeliveryDoc
from ccplant_webhook_ingest.lines import Lines, Slot
from tests.support.deliveries import delivery_document, webhook_document
from tests.support.waiting import eventually

HOOKS = [webhook_document() for _ in range(3)]


def lines(decided: list[str], *, most: int = 100, rest: Callable[[], Awaitable[None]] | None = None) -> Lines:
    """Lines that note what was decided."""

    async def decide(delivery: DeliveryDoc) -> Callable[[], Awaitable[None]] | None:
        await asyncio.sleep(0)
        decided.append(delivery.github_delivery)
        return rest

    return Lines(decide, most=most, workers=4)


def stand(one: Lines, hook: int, name: str) -> tuple[Slot, DeliveryDoc]:
    """Take a place for a delivery that is not recorded yet."""
    slot = one.reserve(HOOKS[hook].id)
    assert slot is not None
    return slot, delivery_document(HOOKS[hook], name)


async def test_the_order_is_that_of_the_places_whatever_is_recorded_first() -> None:
    decided: list[str] = []
    one = lines(decided)
    places = [stand(one, 0, str(number)) for number in range(10)]
    for slot, delivery in reversed(places):
        await asyncio.sleep(0)
        assert not decided
        one.fill(slot, delivery)
    await eventually(lambda: len(decided) == 10)
    assert decided == [str(number) for number in range(10)]
    await eventually(lambda: one.room == 100)
    assert one.held() == ()


async def test_a_place_that_stays_empty_holds_up_nobody() -> None:
    decided: list[str] = []
    one = lines(decided)
    (first, _), (second, delivery) = stand(one, 0, "1"), stand(one, 0, "2")
    one.fill(second, delivery)
    first.drop()
    second.drop()  # it is filled: nothing happens
    await eventually(lambda: decided == ["2"])


async def test_webhooks_do_not_wait_for_each_other() -> None:
    decided: list[str] = []
    one = lines(decided)
    stand(one, 0, "never recorded")
    slot, delivery = stand(one, 1, "other")
    one.fill(slot, delivery)
    await eventually(lambda: decided == ["other"])
    await one.close(1)


async def test_what_found_no_place_and_all_after_it_wait_until_the_sweep_has_caught_up() -> None:
    decided: list[str] = []
    one = lines(decided, most=2)
    slot, delivery = stand(one, 0, "1")
    other = one.reserve(HOOKS[2].id)
    assert other is not None
    assert one.reserve(HOOKS[0].id) is None
    under_way = one.pass_by(HOOKS[0].id)
    one.fill(slot, delivery)
    other.drop()
    await eventually(lambda: one.room == 2)
    assert one.reserve(HOOKS[0].id) is None  # it would overtake
    assert one.reserve(HOOKS[1].id) is not None
    assert one.behind_now() == {}  # the sweep may not see it yet
    under_way.done()
    seen = one.behind_now()
    late = one.pass_by(HOOKS[0].id)
    one.caught_up(seen)
    assert one.reserve(HOOKS[0].id) is None  # another one came meanwhile
    late.done()
    one.caught_up(one.behind_now())
    assert one.reserve(HOOKS[0].id) is not None
    await one.close(1)


async def test_places_are_given_back_when_all_is_written() -> None:
    released = asyncio.Event()

    async def rest() -> None:
        await released.wait()

    decided: list[str] = []
    one = lines(decided, most=4, rest=rest)
    for name in ("1", "2"):
        slot, delivery = stand(one, 0, name)
        one.fill(slot, delivery)
    await eventually(lambda: decided == ["1", "2"])  # the second is decided while the first is written
    assert one.room == 2
    assert len(one.held()) == 2
    released.set()
    await eventually(lambda: one.room == 4)


async def test_a_line_is_never_longer_than_what_is_left_for_the_others() -> None:
    decided: list[str] = []
    one = lines(decided, most=12)
    for hook, most in ((0, 6), (1, 3), (2, 2)):
        taken = [one.reserve(HOOKS[hook].id) for _ in range(12)]
        assert len([slot for slot in taken if slot is not None]) == most
    assert one.reserve("hook-of-a-newcomer") is not None
    await one.close(0)


async def test_at_the_end_what_was_not_decided_is_told() -> None:
    hung = asyncio.Event()

    async def decide(_: DeliveryDoc) -> None:
        await hung.wait()

    one = Lines(decide, most=10, workers=1)
    for name in ("1", "2", "3"):
        slot, delivery = stand(one, 0, name)
        one.fill(slot, delivery)
    await asyncio.sleep(0)
    left = await one.close(0.05)
    assert sorted(delivery.github_delivery for delivery in left) == ["1", "2", "3"]
    assert one.reserve(HOOKS[0].id) is None


async def test_much_that_arrives_comes_first_but_not_for_ever() -> None:
    decided: list[str] = []

    async def decide(delivery: DeliveryDoc) -> None:
        decided.append(delivery.github_delivery)

    one = Lines(decide, most=10, workers=1, busy=lambda: True)
    slot, delivery = stand(one, 0, "1")
    one.fill(slot, delivery)
    await asyncio.sleep(0)
    assert not decided
    await eventually(lambda: decided == ["1"])
