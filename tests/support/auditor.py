"""The audit after each scenario: what was promised against what MongoDB, the bus, the viewers and the machine show.

Each function returns findings, never raises: the one thing that goes wrong first is seldom the only one, and all of them
together tell what happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from ccplant_contracts.ids import is_session_id
from ccplant_contracts.stream import STREAM_EVENT, StreamEvent
from tests.support.bus_observer import BusRecord
from tests.support.person import Ledger
from tests.support.stream_viewer import StreamViewer
from tests.support.system import System
from tests.support.verdicts import ENDS, Raw, prompt_findings, stream_findings, viewer_findings
from tests.support.waiting import eventually

FINAL = frozenset({"completed", "failed", "terminated"})


class Auditor:
    """Reads the record directly, beside the product's own code."""

    def __init__(self, system: System) -> None:
        self._system = system
        url = (system.data_dir / "secrets" / "mongodb.url").read_text().strip()
        self._client: AsyncMongoClient[Raw] = AsyncMongoClient(
            url, serverSelectionTimeoutMS=15_000, tz_aware=True, readConcernLevel="majority"
        )
        self._database = self._client["ccplant"]

    async def close(self) -> None:
        await self._client.close()

    # --- reading ---

    async def find(self, collection: str, query: Mapping[str, Any]) -> list[Raw]:
        """Return documents; a database that is away is «not yet»."""
        try:
            return [document async for document in self._database[collection].find(query)]
        except PyMongoError as error:
            raise AssertionError(f"MongoDB: {error}") from error

    async def session(self, session_id: str) -> Raw:
        """Return a session's document."""
        (document,) = await self.find("sessions", {"_id": session_id})
        return document

    async def prompts(self, session_id: str) -> list[Raw]:
        """Return a session's prompts in their order."""
        found = await self.find("prompts", {"session_id": session_id})
        return sorted(found, key=lambda prompt: int(prompt["number"]))

    async def output(self, session_id: str) -> list[StreamEvent]:
        """Return a session's stored stream."""
        rows = await self.find("output", {"_id": {"$gte": f"{session_id}:", "$lt": f"{session_id};"}})
        return [
            STREAM_EVENT.validate_json(row["event"]) for row in sorted(rows, key=lambda row: str(row["_id"]))
        ]

    async def due_now(self, session_id: str) -> None:
        """Let a session's time be over: the limit is in whole minutes, which no test should take."""
        await self._database["sessions"].update_one(
            {"_id": session_id}, {"$set": {"deadline_at": datetime.now(UTC)}, "$inc": {"version": 1}}
        )

    async def change(self, collection: str, name: str, update: Mapping[str, Any]) -> None:
        """Change a document behind the services' back."""
        await self._database[collection].update_one({"_id": name}, update)

    # --- waiting ---

    async def prompts_ended(self, session_id: str, timeout: float = 60) -> None:
        """Wait until each prompt of a session has its end."""

        async def ended() -> bool:
            waiting = [p["_id"] for p in await self.prompts(session_id) if p["state"] not in ENDS]
            assert not waiting, f"{session_id}: {waiting} have no end; {await self.session(session_id)}"
            return True

        await eventually(ended, timeout, interval=0.1)

    async def settled(self, session_id: str, timeout: float = 60) -> Raw:
        """Wait until nothing is open about an ended session."""

        async def at_rest() -> Raw:
            document = await self.session(session_id)
            assert document["settled"], f"not settled: {document}"
            return document

        return await eventually(at_rest, timeout, interval=0.1)

    async def all_published(self, timeout: float = 30) -> None:
        """Wait until every lifecycle event was acknowledged by the bus."""

        async def published() -> bool:
            waiting = await self.find("session_events", {"published": False})
            assert not waiting, f"unpublished: {[(event['type'], event['session_id']) for event in waiting]}"
            return True

        await eventually(published, timeout, interval=0.1)

    async def has_all_events(self, ledger: Ledger, bus: BusRecord) -> None:
        """Tell whether the bus has every lifecycle event; one that lost them is refilled within seconds.

        Raises:
            AssertionError: says what is missing.
        """
        for session_id in set(ledger.sessions.values()) - ledger.purged:
            wanted = set(range(1, (await self.session(session_id))["event_seq"] + 1))
            missing = wanted - set(bus.first_sequences(session_id))
            assert not missing, f"{session_id}: the bus lacks the lifecycle events {sorted(missing)}"

    # --- judging ---

    async def audit(self, ledger: Ledger, viewers: Sequence[StreamViewer], bus: BusRecord) -> list[str]:
        """Return everything that is not as it was promised."""
        findings = await self._sessions(ledger)
        live = sorted(set(ledger.sessions.values()) - ledger.purged)
        for session_id in live:
            mine = [viewer for viewer in viewers if viewer.session_id == session_id]
            findings += [
                f"{session_id}: {finding}" for finding in await self._one(session_id, ledger, mine, bus)
            ]
        findings += await self._orphans()
        if bus.dead_letters:
            findings.append(f"{bus.dead_letters} dead letters")
        return findings

    async def _one(
        self, session_id: str, ledger: Ledger, viewers: Sequence[StreamViewer], bus: BusRecord
    ) -> list[str]:
        session, events = await self.session(session_id), await self.output(session_id)
        prompts = await self.prompts(session_id)
        promised = {prompt: text for prompt, (owner, text) in ledger.prompts.items() if owner == session_id}
        findings = stream_findings(session, events)
        findings += prompt_findings(prompts, events, promised)
        findings += await self._lifecycle(session, bus)
        findings += await self._permissions(session_id)
        findings += self._machine(session_id)
        for viewer in viewers:
            findings += viewer_findings(session, events, prompts, viewer)
        return findings

    async def _sessions(self, ledger: Ledger) -> list[str]:
        findings = []
        found = await self.find("sessions", {})
        # a session that was made from another has its labels too
        first = [session for session in found if session["recreated_from"] is None]
        by_key = Counter(session["labels"].get("made-by") for session in first)
        known = {session["_id"] for session in found}
        for key, session_id in ledger.sessions.items():
            if session_id in ledger.purged:
                continue
            if session_id not in known:
                findings.append(f"{session_id} was promised and is lost")
            if by_key[key] > 1:
                findings.append(f"{session_id} is there {by_key[key]} times")
        return findings

    async def _lifecycle(self, session: Raw, bus: BusRecord) -> list[str]:
        name = session["_id"]
        events = sorted(
            await self.find("session_events", {"session_id": name}), key=lambda e: int(e["sequence"])
        )
        findings = []
        numbers = [event["sequence"] for event in events]
        if numbers != list(range(1, session["event_seq"] + 1)):
            findings.append(f"lifecycle events are numbered {numbers}, the last is {session['event_seq']}")
        if unpublished := [event["type"] for event in events if not event["published"]]:
            findings.append(f"{unpublished} are not published")
        told = bus.first_sequences(name)
        if told != numbers:
            findings.append(f"the bus has the lifecycle events {told} instead of {numbers}")
        ends = [event["type"] for event in events if event["type"].removeprefix("session.") in FINAL]
        if len(ends) != 1:
            findings.append(f"its ends are {ends}")
        return findings

    async def _permissions(self, session_id: str) -> list[str]:
        findings = []
        for permission in await self.find("permissions", {"session_id": session_id}):
            if permission["state"] == "pending":
                findings.append(f"{permission['_id']} waits for an answer after the end")
            if permission["state"] == "answered" and permission.get("delivery") not in (
                "applied",
                "not_applied",
            ):
                findings.append(f"the answer to {permission['_id']} is {permission.get('delivery')}")
        return findings

    async def _orphans(self) -> list[str]:
        """Return documents that belong to nothing; events of a purged session wait for their subscribers."""
        known = {session["_id"] for session in await self.find("sessions", {})}
        purged = {tombstone["_id"] for tombstone in await self.find("tombstones", {})}
        found: list[tuple[str, object, object]] = []
        for collection in ("prompts", "permissions"):
            found += [(collection, row["_id"], row["session_id"]) for row in await self.find(collection, {})]
        found += [
            ("output", row["_id"], row["_id"].rpartition(":")[0]) for row in await self.find("output", {})
        ]
        found += [("activity", row["_id"], row["_id"]) for row in await self.find("activity", {})]
        blobs = await self.find("fs.files", {})
        found += [("blobs", row["_id"], row["metadata"]["session_id"]) for row in blobs]
        files = {row["_id"] for row in blobs}
        pieces = [row["files_id"] for row in await self.find("fs.chunks", {}) if row["files_id"] not in files]
        # deliveries, dispatches and schedules have events too
        events = [
            row
            for row in await self.find("session_events", {})
            if row["session_id"] not in purged and is_session_id(row["session_id"])
        ]
        found += [("session_events", row["_id"], row["session_id"]) for row in events]
        return [
            *(
                f"{collection}: {name} belongs to no session"
                for collection, name, owner in found
                if owner not in known
            ),
            *(f"blobs: a piece of {name} belongs to no blob" for name in pieces),
        ]

    def _machine(self, session_id: str) -> list[str]:
        """Return processes and files that a settled session left."""
        findings = [f"{process} still runs" for process in self._system.of_session(session_id)]
        folders = [path.name for path in (self._system.data_dir / "sessions").glob(f"{session_id}/*")]
        if folders:
            findings.append(f"{folders} are still on the disk")
        return findings
