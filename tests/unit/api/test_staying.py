"""Connections end with what they were opened with, and with nothing else."""

from __future__ import annotations

import asyncio
from functools import partial

from ccplant_api.principals.staying import Staying
from ccplant_contracts.errors import ApiError
from ccplant_store.access import Proof
from ccplant_store.errors import StoreUnavailableError
from tests.support.clock import FakeClock
from tests.support.waiting import eventually

TOKEN, COOKIE = Proof("token", "t"), Proof("cookie", "c")


class Place:
    """Where credentials are looked up."""

    def __init__(self) -> None:
        self.good = {"t", "c"}
        self.asked: list[set[str]] = []
        self.away = False

    async def still_good(self, digests: set[str]) -> set[str]:
        self.asked.append(digests)
        if self.away:
            raise StoreUnavailableError("away")
        return digests & self.good


def _asked(place: Place, looks: int) -> bool:
    return len(place.asked) == looks


def staying(tokens: Place, cookies: Place, clock: FakeClock | None = None) -> Staying:
    return Staying(tokens, cookies, clock or FakeClock(), seconds=5)


async def test_a_connection_is_closed_once_its_credential_is_good_no_longer_and_others_stay() -> None:
    tokens, cookies, closed = Place(), Place(), list[str]()

    def close(name: str, error: ApiError) -> None:
        assert error.status == 401
        closed.append(name)

    watched = staying(tokens, cookies)
    with (
        watched.while_good(TOKEN, lambda error: close("one", error)),
        watched.while_good(TOKEN, lambda error: close("two", error)),
        watched.while_good(COOKIE, lambda error: close("cookie", error)),
        watched.while_good(Proof("github", "g"), lambda error: close("github", error)),
        watched.while_good(Proof("bootstrap", "b"), lambda error: close("bootstrap", error)),
        watched.while_good(None, lambda error: close("earlier", error)),
    ):
        await watched.look()
        assert closed == []
        tokens.good.clear()
        await watched.look()
        assert closed == ["one", "two"]
        assert tokens.asked == [{"t"}, {"t"}], "one question, however many connections"
    tokens.asked.clear()
    await watched.look()
    assert tokens.asked == [], "nobody is asked about who has left"


async def test_a_database_that_is_away_sends_nobody_away_and_is_asked_again() -> None:
    tokens, clock, closed = Place(), FakeClock(), list[ApiError]()
    watched = staying(tokens, Place(), clock)
    with watched.while_good(TOKEN, closed.append):
        running = asyncio.create_task(watched.run())
        tokens.away = True
        for looks in (1, 2):
            await eventually(lambda: clock.sleeping == 1)
            await clock.advance(5)
            await eventually(partial(_asked, tokens, looks))
        assert closed == []
        tokens.away = False
        tokens.good.clear()
        await eventually(lambda: clock.sleeping == 1)
        await clock.advance(4.9)
        assert closed == []
        await clock.advance(0.1)
        await eventually(lambda: closed)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
