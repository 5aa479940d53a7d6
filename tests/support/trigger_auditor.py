"""Counts what became of triggers: from MongoDB beside the product's code, from the sender's ledger, from the transcripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.support.auditor import Auditor
from tests.support.github_sender import Sent
from tests.support.person import Ledger
from tests.support.trigger_verdicts import (
    Raw,
    delivery_findings,
    dispatch_findings,
    event_findings,
    slot_findings,
    tick_findings,
)
from tests.support.verdicts import ENDS, runs_of
from tests.support.waiting import eventually

_SHOWN = 5


@dataclass
class TriggerAuditor:
    """What was sent and what was due, against what is on record."""

    auditor: Auditor
    due: dict[str, Sequence[datetime]] = field(default_factory=dict)
    """Of each schedule its ticks, counted by the test itself."""
    sources: set[str] = field(default_factory=set)
    """The webhooks and schedules that are looked at; the system may have had others before."""

    async def at_rest(self, sent: Sequence[Sent], ledger: Ledger, timeout: float = 120) -> None:
        """Wait until everything has its outcome; enter every session that came of it into the ledger."""
        wanted = {each.guid for each in sent if each.taken}

        async def through() -> bool:
            rows = [row for row in await self.deliveries() if row["state"] == "received"]
            _none([row["_id"] for row in rows], "are not processed")
            rows = await self.deliveries()
            _none(sorted(wanted - {row["github_delivery"] for row in rows}), "are not there")
            runs = await self.runs()
            _none(self.undecided(runs), "have ticks without an outcome")
            rows = [row for row in await self.dispatches() if row["open"]]
            _none([f"{row['_id']} {row['waiting_for']} {row['session_id']}" for row in rows], "wait")
            rows = [row for row in await self.prompts() if row["state"] not in ENDS]
            _none([f"{row['_id']} {row['session_id']} {row['state']}" for row in rows], "have no end")
            return True

        await eventually(through, timeout, interval=0.5)
        for prompt in await self.prompts():
            ledger.sessions[f"of {prompt['session_id']}"] = prompt["session_id"]
            ledger.prompts[prompt["_id"]] = (prompt["session_id"], prompt["text"])

    async def let_be_due(self, schedule_id: str, tick: datetime) -> None:
        """Have a schedule's next tick lie in the past: they lie on whole minutes, for which no short test should wait."""
        self.sources.add(schedule_id)
        self.due[schedule_id] = [tick]
        await self.auditor.change(
            "schedules",
            schedule_id,
            {"$set": {"next_tick_at": tick, "next_fire_at": tick}, "$inc": {"fire_version": 1}},
        )

    def undecided(self, runs: Sequence[Raw]) -> list[str]:
        """Return the schedules whose last tick has no outcome yet."""
        last = {row["schedule_id"]: row["missed_until"] or row["tick_at"] for row in _by_tick(runs)}
        return [name for name, ticks in self.due.items() if name not in last or last[name] < ticks[-1]]

    async def deliveries(self) -> list[Raw]:
        return await self.auditor.find("deliveries", self._mine("webhook_id"))

    async def runs(self) -> list[Raw]:
        return await self.auditor.find("runs", self._mine("schedule_id"))

    async def dispatches(self) -> list[Raw]:
        return await self.auditor.find("dispatches", self._mine("source.id"))

    async def prompts(self) -> list[Raw]:
        """Return all prompts of triggers, also of dispatches that are not on record."""
        found = await self.auditor.find("prompts", {"dispatch_id": {"$ne": None}})
        return [row for row in found if row["by"].partition(":")[2] in self.sources]

    def _mine(self, name: str) -> dict[str, object]:
        return {name: {"$in": sorted(self.sources)}}

    async def findings(self, sent: Sequence[Sent]) -> list[str]:
        """Return everything that is not as it was promised."""
        deliveries, dispatches = await self.deliveries(), await self.dispatches()
        prompts = await self.prompts()
        sessions = {row["_id"]: row for row in await self.auditor.find("sessions", {})}
        return [
            *delivery_findings(sent, deliveries, dispatches),
            *tick_findings(self.due, await self.runs(), dispatches),
            *dispatch_findings(dispatches, prompts),
            *slot_findings(dispatches, prompts, sessions),
            *await self._events(deliveries, dispatches),
            *await self._transcripts(prompts),
        ]

    async def counts(self) -> Mapping[str, object]:
        """Return what there is, for whoever reads the report."""
        dispatches, prompts = await self.dispatches(), await self.prompts()
        return {
            "deliveries": Counter(str(row["outcome"]) for row in await self.deliveries()),
            "runs": Counter(str(row["outcome"]) for row in await self.runs()),
            "dispatches": Counter((row["state"], (row["failure"] or {}).get("code")) for row in dispatches),
            "moved": sum(bool(row["tried"]) for row in dispatches),
            "prompts": Counter(row["state"] for row in prompts),
            "sessions": len({row["session_id"] for row in prompts}),
        }

    async def _events(self, deliveries: Sequence[Raw], dispatches: Sequence[Raw]) -> list[str]:
        rows = [*deliveries, *dispatches, *await self.auditor.find("schedules", self._mine("_id"))]
        last = {row["_id"]: row["event_seq"] or 0 for row in rows}
        return event_findings(await self.auditor.find("session_events", {}), last)

    async def _transcripts(self, prompts: Sequence[Raw]) -> list[str]:
        """What the agents say was said to them, over all sessions: no word twice, none that was done missing."""
        said = Counter[str]()
        wanted = Counter[str]()
        for session_id in sorted({prompt["session_id"] for prompt in prompts}):
            said.update(runs_of(await self.auditor.output(session_id)).answers)
        for prompt in prompts:
            word, _, rest = prompt["text"].partition(" ")
            if word == "echo":
                wanted[rest] += prompt["state"] == "done"
        # one that was interrupted may have been said before, or not
        return [
            f"{text!r} was said {said[text]} times, and done {count} times"
            for text, count in wanted.items()
            if not count <= said[text] <= 1
        ]


def _by_tick(runs: Sequence[Raw]) -> list[Raw]:
    return sorted(runs, key=lambda row: row["missed_until"] or row["tick_at"])


def _none(found: Sequence[str], what: str) -> None:
    assert not found, f"{len(found)} {what}: {', '.join(found[:_SHOWN])}"
