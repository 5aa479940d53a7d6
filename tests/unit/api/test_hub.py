"""Whatever order news arrives in, each viewer gets each number once and in order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ccplant_api.live.frames import Frame
from ccplant_api.live.hub import Hub
from ccplant_api.live.source import Document, Snapshot, Standing, StateKey
from ccplant_api.live.viewer import QueueLimits, Viewer
from ccplant_contracts import subjects
from ccplant_contracts.base import Message
from ccplant_contracts.stream import Delta, MessageChunk, StreamEvent
from ccplant_contracts.watch import Hint, Stored
from tests.support.waiting import eventually

SESSION = "session-user-0000000000"
LAUNCH = "l0"
BASE = "http://test"
AT = datetime(2026, 1, 1, tzinfo=UTC)
WAIT = 5.0


def event(seq: int) -> StreamEvent:
    data = MessageChunk(message_id="m", role="agent", offset=seq, text=str(seq))
    return StreamEvent(seq=seq, at=AT, data=data)


class FakeSubscription:
    def __init__(self, bus: FakeBus, subject: str) -> None:
        self._bus, self._subject = bus, subject

    async def unsubscribe(self) -> None:
        self._bus.receivers.pop(self._subject, None)


class FakeBus:
    def __init__(self) -> None:
        self.receivers: dict[str, Callable[[str, bytes], Awaitable[None]]] = {}

    async def subscribe(
        self, subject: str, receive: Callable[[str, bytes], Awaitable[None]]
    ) -> FakeSubscription:
        self.receivers[subject] = receive
        return FakeSubscription(self, subject)

    async def flush(self) -> None:
        await asyncio.sleep(0)

    async def say(self, subject: str, message: Message, *, to: str | None = None) -> None:
        receive = self.receivers.get(to or subject)
        if receive is not None:
            await receive(subject, message.model_dump_json().encode())


class Resource(Message):
    version: int


class FakeRecord:
    """The record: stored up to a number; reads take a turn of the loop or several."""

    def __init__(self, total: int = 0) -> None:
        self.total = total
        self.stored_to = total
        self.closed = False
        self.present = True
        self.version = 1
        self.turns = 1
        self.reads = 0

    async def _slowly(self) -> None:
        for _ in range(self.turns):
            await asyncio.sleep(0)

    def _standing(self) -> Standing:
        return Standing(self.stored_to, self.closed, LAUNCH, {("session", SESSION): self.version})

    async def snapshot(self, session_id: str, base_url: str) -> Snapshot | None:
        standing = self._standing()
        await self._slowly()
        return (
            Snapshot(standing, {"session": {"version": standing.versions[("session", SESSION)]}})
            if self.present
            else None
        )

    async def standings(self, session_ids: Sequence[str]) -> Mapping[str, Standing]:
        await self._slowly()
        return dict.fromkeys(session_ids, self._standing()) if self.present else {}

    async def document(self, session_id: str, key: StateKey, base_url: str) -> Document | None:
        version = self.version
        await self._slowly()
        return Document(key, version, Resource(version=version))

    async def events(self, session_id: str, after: int, up_to: int, limit: int) -> Sequence[StreamEvent]:
        self.reads += 1
        await self._slowly()
        return [event(seq) for seq in range(after + 1, min(up_to, after + limit, self.stored_to) + 1)]


class Reader:
    """A connection: reads what it is sent, as fast as it can."""

    def __init__(self, hub: Hub, since: int | None) -> None:
        self.hub, self.since = hub, since
        self.frames: list[Frame] = []
        self.viewer: Viewer | None = None
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with self.hub.joined(SESSION, BASE) as (viewer, watch):
            self.viewer = viewer
            follow = asyncio.create_task(self.hub.follow(viewer, watch, BASE, self.since))
            try:
                while True:
                    self.frames += await viewer.take(0.05)
                    if viewer.closing is not None:
                        self.frames += await viewer.take(0)
                        return
                    if follow.done():
                        follow.result()
            finally:
                follow.cancel()
                await asyncio.gather(follow, return_exceptions=True)

    @property
    def seqs(self) -> list[int]:
        return [frame.seq for frame in self.frames if frame.seq is not None]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT):
            while not condition():
                if self.task.done():
                    self.task.result()
                    assert condition(), "the connection ended before"
                await asyncio.sleep(0)

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def stored(to: int, first: int | None = None) -> Stored:
    return Stored(stored_to=to, events=tuple(event(seq) for seq in range(first, to + 1)) if first else ())


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("store"),
            st.integers(1, 5),
            st.sampled_from(["whole", "bare", "lost", "late", "partial", "twice"]),
        ),
        st.tuples(st.just("delta"), st.just(0), st.just("")),
        st.tuples(st.just("join"), st.integers(0, 30), st.just("")),
        st.tuples(st.just("turns"), st.integers(0, 4), st.just("")),
        st.tuples(st.just("compare"), st.just(0), st.just("")),
        st.tuples(st.just("change"), st.just(0), st.sampled_from(["told", "lost"])),
    ),
    max_size=25,
)


@given(start=st.integers(0, 12), turns=st.integers(0, 3), steps=STEPS)
@settings(
    max_examples=150, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)  # a failure waits: no shrinking
def test_any_interleaving_gives_each_viewer_the_exact_sequence(
    start: int, turns: int, steps: list[tuple[str, int, str]]
) -> None:
    asyncio.run(_play(start, turns, steps))


class Play:
    """One run of steps against a hub."""

    def __init__(self, start: int, turns: int) -> None:
        self.bus, self.record = FakeBus(), FakeRecord(start)
        self.record.turns = turns
        self.hub = Hub(self.bus, self.record, poll_seconds=60)
        self.late: list[Stored] = []
        self.readers: list[Reader] = []

    async def announce(self, news: Stored) -> None:
        await self.bus.say(subjects.watch_stored(SESSION), news, to=subjects.watch_all(SESSION))

    async def store(self, number: int, how: str) -> None:
        before, self.record.stored_to = self.record.stored_to, self.record.stored_to + number
        to = self.record.stored_to
        news = stored(to, before + 1)
        if how == "late":
            self.late.append(news)
        elif how != "lost":
            told = {"bare": stored(to), "partial": stored(to, to)}.get(how, news)
            for _ in range(2 if how == "twice" else 1):
                await self.announce(told)

    async def change(self, how: str) -> None:
        self.record.version += 1
        if how == "told":
            hint = Hint(kind="session", id=SESSION, version=self.record.version)
            await self.bus.say(subjects.watch_hint(SESSION), hint, to=subjects.watch_all(SESSION))

    async def step(self, kind: str, number: int, how: str) -> None:
        if kind == "store":
            await self.store(number, how)
        elif kind == "delta":
            await self.bus.say(
                subjects.runner_out(LAUNCH, "delta"), Delta(message_id="m", offset=0, text="x")
            )
        elif kind == "join":
            self.readers.append(Reader(self.hub, min(number, self.record.stored_to)))
        elif kind == "compare":
            self.hub.bus_is_back()
        elif kind == "change":
            await self.change(how)
        else:
            for _ in range(number):
                await asyncio.sleep(0)
            if self.late:
                await self.announce(self.late.pop())


async def _play(start: int, turns: int, steps: list[tuple[str, int, str]]) -> None:
    play = Play(start, turns)
    play.hub.start()
    now = Reader(play.hub, None)
    play.readers += [Reader(play.hub, 0), now]
    await now.until(lambda: bool(now.frames))
    for step in steps:
        await play.step(*step)
    play.hub.bus_is_back()
    for reader in play.readers:
        since = reader.since if reader.since is not None else start
        await reader.until(partial(_is_done, reader, play.record.stored_to - since, play.record.version))
        assert reader.seqs == list(range(since + 1, play.record.stored_to + 1))
        assert reader.frames[0].type == "hello"
        assert all(frame.text == _same(play.readers, frame) for frame in reader.frames if frame.seq)
        await reader.leave()
    await play.hub.stop()
    assert not play.bus.receivers, "a subscription outlived its viewers"


def _is_done(reader: Reader, count: int, version: int) -> bool:
    return len(reader.seqs) >= count and _newest_version(reader.frames) == version


def _same(readers: list[Reader], frame: Frame) -> str:
    return next(other.text for reader in readers for other in reader.frames if other.seq == frame.seq)


def _newest_version(frames: list[Frame]) -> int:
    versions = [0]
    for frame in frames:
        data: dict[str, Any] = json.loads(frame.text)["data"]
        if frame.type == "hello":
            versions.append(data["session"]["version"])
        elif frame.type == "session":
            versions.append(data["version"])
    return max(versions)


async def test_a_reader_that_reads_nothing_is_closed_as_too_slow_and_its_queue_is_emptied() -> None:
    bus, record = FakeBus(), FakeRecord(0)
    hub = Hub(bus, record, poll_seconds=60, queue=QueueLimits(frames=16, size=10_000))
    hub.start()
    async with hub.joined(SESSION, BASE) as (viewer, watch):
        follow = asyncio.create_task(hub.follow(viewer, watch, BASE, None))
        await eventually(lambda: viewer.live)
        for seq in range(1, 40):
            record.stored_to = seq
            await bus.say(subjects.watch_stored(SESSION), stored(seq, seq), to=subjects.watch_all(SESSION))
            await bus.say(subjects.runner_out(LAUNCH, "delta"), Delta(message_id="m", offset=0, text="x"))
        assert viewer.closing is not None
        assert viewer.closing.code == 1013
        assert viewer.waiting == 0
        await asyncio.wait_for(follow, WAIT)
    await hub.stop()


async def test_previews_are_dropped_before_a_slow_reader_loses_its_connection() -> None:
    bus, record = FakeBus(), FakeRecord(0)
    hub = Hub(bus, record, poll_seconds=60, queue=QueueLimits(frames=32, size=100_000))
    hub.start()
    async with hub.joined(SESSION, BASE) as (viewer, watch):
        follow = asyncio.create_task(hub.follow(viewer, watch, BASE, None))
        await eventually(lambda: viewer.live)
        for _ in range(1_000):
            await bus.say(subjects.runner_out(LAUNCH, "delta"), Delta(message_id="m", offset=0, text="x"))
        assert viewer.closing is None
        assert viewer.waiting <= 16
        follow.cancel()
        await asyncio.gather(follow, return_exceptions=True)
    await hub.stop()


async def test_a_long_record_is_sent_no_faster_than_it_is_read() -> None:
    record = FakeRecord(5_000)
    hub = Hub(FakeBus(), record, poll_seconds=60, queue=QueueLimits(frames=64, size=1_000_000))
    hub.start()
    reader = Reader(hub, 0)
    await reader.until(lambda: len(reader.seqs) == 5_000)
    assert reader.seqs == list(range(1, 5_001))
    await reader.leave()
    await hub.stop()


async def test_viewers_of_an_ended_session_get_all_of_it_and_are_closed_with_1000() -> None:
    bus, record = FakeBus(), FakeRecord(3)
    hub = Hub(bus, record, poll_seconds=60)
    hub.start()
    early = Reader(hub, 0)
    await early.until(lambda: early.seqs == [1, 2, 3])
    record.stored_to, record.closed = 5, True
    await bus.say(
        subjects.watch_stored(SESSION), Stored(stored_to=5, closed=True), to=subjects.watch_all(SESSION)
    )
    late = Reader(hub, 2)
    for reader, expected in ((early, [1, 2, 3, 4, 5]), (late, [3, 4, 5])):
        await asyncio.wait_for(reader.task, WAIT)
        assert reader.seqs == expected
        assert reader.viewer is not None
        assert reader.viewer.closing is not None
        assert reader.viewer.closing.code == 1000
    await hub.stop()


@pytest.mark.parametrize(("since", "code"), [(4, 1008), (None, 4404)])
async def test_a_since_beyond_the_last_and_a_missing_session_are_told(since: int | None, code: int) -> None:
    record = FakeRecord(3)
    record.present = since is not None
    hub = Hub(FakeBus(), record, poll_seconds=60)
    reader = Reader(hub, since)
    await asyncio.wait_for(reader.task, WAIT)
    assert reader.viewer is not None
    assert reader.viewer.closing is not None
    assert reader.viewer.closing.code == code


async def test_a_stopping_gateway_sends_its_viewers_away() -> None:
    hub = Hub(FakeBus(), FakeRecord(1), poll_seconds=60)
    hub.start()
    reader = Reader(hub, 0)
    await reader.until(lambda: reader.seqs == [1])
    await hub.stop()
    await asyncio.wait_for(reader.task, WAIT)
    assert reader.viewer is not None
    assert reader.viewer.closing is not None
    assert reader.viewer.closing.code == 1001


async def test_viewers_are_told_when_their_session_is_erased() -> None:
    record = FakeRecord(1)
    hub = Hub(FakeBus(), record, poll_seconds=60)
    hub.start()
    reader = Reader(hub, 0)
    await reader.until(lambda: reader.seqs == [1])
    record.present = False
    hub.bus_is_back()
    await asyncio.wait_for(reader.task, WAIT)
    assert reader.viewer is not None
    assert reader.viewer.closing is not None
    assert reader.viewer.closing.code == 4404
    await hub.stop()
