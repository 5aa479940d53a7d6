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

    async def at_rest(self, sent: Sequence[Sent], ledger: Ledger, timeout: float = 120) -> None:
        """Wait until everything has its outcome; enter every session that came of it into the ledger."""
        wanted = {each.guid for each in sent if each.taken}

        async def through() -> bool:
            rows = await self.auditor.find("deliveries", {"state": "received"})
            _none([row["_id"] for row in rows], "are not processed")
            rows = await self.auditor.find("deliveries", {"key": {"$ne": None}})
            _none(sorted(wanted - {row["github_delivery"] for row in rows}), "are not there")
            runs = await self.auditor.find("runs", {"trigger": "tick"})
            _none(self._undecided(runs), "have ticks without an outcome")
            rows = await self.auditor.find("dispatches", {"open": True})
            _none([f"{row['_id']} {row['waiting_for']} {row['session_id']}" for row in rows], "wait")
            rows = await self.auditor.find(
                "prompts", {"state": {"$nin": sorted(ENDS)}, "dispatch_id": {"$ne": None}}
            )
            _none([f"{row['_id']} {row['session_id']} {row['state']}" for row in rows], "have no end")
            return True

        await eventually(through, timeout, interval=0.5)
        for prompt in await self.auditor.find("prompts", {"dispatch_id": {"$ne": None}}):
            ledger.sessions[f"of {prompt['session_id']}"] = prompt["session_id"]
            ledger.prompts[prompt["_id"]] = (prompt["session_id"], prompt["text"])

    def _undecided(self, runs: Sequence[Raw]) -> list[str]:
        last = {row["schedule_id"]: row["missed_until"] or row["tick_at"] for row in _by_tick(runs)}
        return [name for name, ticks in self.due.items() if name not in last or last[name] < ticks[-1]]

    async def findings(self, sent: Sequence[Sent]) -> list[str]:
        """Return everything that is not as it was promised."""
        deliveries = await self.auditor.find("deliveries", {})
        dispatches = await self.auditor.find("dispatches", {})
        prompts = await self.auditor.find("prompts", {})
        sessions = {row["_id"]: row for row in await self.auditor.find("sessions", {})}
        return [
            *delivery_findings(sent, deliveries, dispatches),
            *tick_findings(self.due, await self.auditor.find("runs", {}), dispatches),
            *dispatch_findings(dispatches, prompts),
            *slot_findings(dispatches, prompts, sessions),
            *await self._events(deliveries, dispatches),
            *await self._transcripts(prompts),
        ]

    async def counts(self) -> Mapping[str, object]:
        """Return what there is, for whoever reads the report."""
        dispatches = await self.auditor.find("dispatches", {})
        prompts = await self.auditor.find("prompts", {"dispatch_id": {"$ne": None}})
        return {
            "deliveries": Counter(str(row["outcome"]) for row in await self.auditor.find("deliveries", {})),
            "runs": Counter(str(row["outcome"]) for row in await self.auditor.find("runs", {})),
            "dispatches": Counter((row["state"], (row["failure"] or {}).get("code")) for row in dispatches),
            "moved": sum(bool(row["tried"]) for row in dispatches),
            "prompts": Counter(row["state"] for row in prompts),
            "sessions": len({row["session_id"] for row in prompts}),
        }

    async def _events(self, deliveries: Sequence[Raw], dispatches: Sequence[Raw]) -> list[str]:
        rows = [*deliveries, *dispatches, *await self.auditor.find("schedules", {})]
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
