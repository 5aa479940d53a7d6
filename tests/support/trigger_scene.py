"""A whole system that machines talk to: a webhook with its sender, schedules with their ticks, and who counts them."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx

from tests.support.github_sender import GitHubSender, Sent, pull_request
from tests.support.scene import Scene
from tests.support.system import Part
from tests.support.trigger_auditor import TriggerAuditor
from tests.support.waiting import eventually

MINUTE = timedelta(minutes=1)
_CONNECTIONS = 16
_GITHUBS_PATIENCE = 10.0
_BACK_SECONDS = 90.0
_OVERLAPS = ("allow", "queue", "skip", "replace")


@dataclass
class TriggerScene:
    """What the tests of triggers work with, on top of a scene."""

    stage: Scene
    auditor: TriggerAuditor = field(init=False)
    github: GitHubSender = field(init=False)
    webhook_id: str = ""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.auditor = TriggerAuditor(self.stage.auditor)

    async def __aenter__(self) -> Self:
        limits = httpx.Limits(max_connections=_CONNECTIONS)
        client = httpx.AsyncClient(timeout=_GITHUBS_PATIENCE, limits=limits, trust_env=False)
        await self._stack.enter_async_context(client)
        body = {
            "name": "pulls",
            "events": ["pull_request"],
            "message": "echo d-{{ pull_request.head.sha }}",
            "reuse_session": True,
            "reuse_key": "{{ repository.full_name }}#{{ number }}",
            "max_dispatches_per_hour": 10_000,
        }
        made = await self.create("/webhooks", body)
        self.webhook_id = made["webhook_id"]
        self.auditor.sources.add(self.webhook_id)
        url = f"{self.stage.system.webhook_url}/webhooks/{self.webhook_id}"
        self.github = GitHubSender(client, url, made["secret"])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create something, once."""
        answer = await self.stage.person.ask("POST", path, body=body, key=secrets.token_hex(8))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    # --- deliveries

    async def deliver(
        self, chance: random.Random, *, count: int, keys: int, over: float = 0, again: float = 0.05
    ) -> None:
        """Send deliveries about so many pull requests over some seconds, some of them twice."""
        begun, waiting = self.stage.system.clock(), asyncio.Queue[tuple[float, Sent]]()
        for number in range(count):
            sent = self.github.new(pull_request(chance.randrange(keys) + 1, chance.randbytes(20).hex()))
            waiting.put_nowait((begun + over * number / count, sent))

        async def send() -> None:
            while not waiting.empty():
                at, sent = waiting.get_nowait()
                await asyncio.sleep(max(0.0, at - self.stage.system.clock()))
                await self.github.deliver(sent)
                if chance.random() < again:
                    await self.github.send(sent)

        await asyncio.gather(*(send() for _ in range(_CONNECTIONS)))

    # --- schedules

    async def schedules(self, *, count: int, names: int, ticks: int, ahead: timedelta) -> datetime:
        """Create schedules with so many ticks from a minute on that lies ahead; return that minute."""
        first = _minute(datetime.now(UTC) + ahead) + MINUTE
        waiting = iter(range(count))

        async def create() -> None:
            for number in waiting:
                made = await self.create("/schedules", _schedule(number, names, first, ticks))
                self.auditor.sources.add(made["schedule_id"])
                self.auditor.due[made["schedule_id"]] = [first + turn * MINUTE for turn in range(ticks)]

        await asyncio.gather(*(create() for _ in range(_CONNECTIONS)))
        assert datetime.now(UTC) < first, "they were not created in time"
        return first

    async def due_schedules(self, *, count: int, names: int) -> None:
        """Create schedules of which each has one tick, which is due now."""
        tick = _minute(datetime.now(UTC))
        for number in range(count):
            body = {**_schedule(number, names, tick, 1), "starts_at": None}
            made = await self.create("/schedules", body)
            await self.auditor.let_be_due(made["schedule_id"], tick)

    # --- what goes wrong

    async def pause(self, seconds: float, until: Callable[[], bool]) -> None:
        """Let some time pass, or less where there is nothing to wait for any more."""
        at = self.stage.system.clock() + seconds
        await eventually(lambda: until() or self.stage.system.clock() >= at, seconds + 10)

    async def kills(
        self,
        chance: random.Random,
        parts: Sequence[Part],
        until: Callable[[], bool],
        *,
        every: tuple[float, float],
        most: int = 1_000,
    ) -> int:
        """Kill one part after another at random moments, each in turn but in any order; return how many.

        Three of four are killed once the one before is back, however long that takes on a busy machine; else nothing
        would ever be up. The fourth is killed in the middle of that.
        """
        turn = list[Part]()
        for count in range(most):
            await self.pause(chance.uniform(*every), until)
            if until():
                return count
            turn = turn or chance.sample(parts, len(parts))
            await asyncio.to_thread(self.stage.system.kill_part, turn.pop())
            if chance.random() < 0.75:
                await eventually(self._whole, _BACK_SECONDS, interval=0.2)
        return most

    async def _whole(self) -> bool:
        """Tell whether all parts that are asked over HTTP say that they and what they need are there."""
        system, client = self.stage.system, self.github.client
        try:
            all_parts = await client.get(f"{system.url}/health")
            ingest = await client.get(f"{system.webhook_url}/health/ready")
        except httpx.TransportError:
            return False
        return ingest.is_success and all_parts.json().get("status") == "ok"

    # --- the end

    async def finish(self, *, timeout: float = 120, drained: bool = False) -> None:
        """Let everything come to its end, and audit it: the triggers, then the whole system."""
        sent = self.github.sent
        await self.auditor.at_rest(sent, self.stage.person.ledger, timeout)
        self.stage.system.note(f"every trigger has its outcome: {await self.auditor.counts()}")
        try:
            await self.stage.finish(drained=drained)
        finally:
            findings = await self.auditor.findings(sent)
            self.stage.system.note(f"counted: {dict(await self.auditor.counts())}")
            assert not findings, "\n".join(["", *findings[:50], f"{len(findings)} findings"])

    async def undecided(self) -> list[str]:
        """Return the schedules with a tick that has no outcome yet."""
        return self.auditor.undecided(await self.auditor.runs())

    async def states(self) -> set[str]:
        """Return the states of all prompts that triggers made."""
        return {row["state"] for row in await self.auditor.prompts()}


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _schedule(number: int, names: int, first: datetime, ticks: int) -> dict[str, Any]:
    return {
        "name": f"job-{number}",
        "cron": "* * * * *",
        "message": f"env JOB_{number}",
        "reuse_session": True,
        "session_id": f"jobs {number % names}",
        "overlap": _OVERLAPS[number % len(_OVERLAPS)],
        "starts_at": first.isoformat(),
        "ends_at": (first + (ticks - 0.5) * MINUTE).isoformat(),
    }
