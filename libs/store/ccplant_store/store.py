"""All repositories on one connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from ccplant_platform.clock import Clock, SystemClock
from ccplant_store.access import BrowserStore, TicketStore, TokenStore
from ccplant_store.activity import ActivityStore
from ccplant_store.attachments import AttachmentStore
from ccplant_store.blobs import BlobStore
from ccplant_store.deliveries.rate import RateStore
from ccplant_store.deliveries.repository import DeliveryStore
from ccplant_store.dispatches.repository import DispatchStore
from ccplant_store.dispatches.slots import SlotStore
from ccplant_store.dispatches.standing import RunStanding
from ccplant_store.driver import Database, Transaction
from ccplant_store.errors import TombstonedError
from ccplant_store.events.model import NewEvent
from ccplant_store.events.recorder import EventRecorder
from ccplant_store.events.repository import EventStore
from ccplant_store.idempotency import IdempotencyStore
from ccplant_store.indexes import INDEXES
from ccplant_store.leases import LeaseStore
from ccplant_store.output.repository import OutputStore, output_range
from ccplant_store.permissions.repository import PermissionStore
from ccplant_store.places.repository import PlaceStore
from ccplant_store.prompts.repository import PromptStore
from ccplant_store.reading import UnreadableStore
from ccplant_store.schedules.repository import ScheduleStore
from ccplant_store.sessions.repository import SessionStore
from ccplant_store.sessions.work import SessionWork
from ccplant_store.tombstones import TombstoneStore
from ccplant_store.users import UserStore
from ccplant_store.volumes.repository import VolumeStore
from ccplant_store.webhooks.repository import WebhookStore

T = TypeVar("T")


class Store:
    """MongoDB, as the services see it."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self.database = database
        self._clock = clock
        self._recorder = EventRecorder(database.collection("sessions"), database.collection("session_events"))
        self.unreadable = UnreadableStore(database)
        self.tombstones = TombstoneStore(database, clock)
        self.volumes = VolumeStore(database)
        self.sessions = SessionStore(database, clock, self._recorder, self.volumes)
        self.session_work = SessionWork(database)
        self.slots = SlotStore(database, clock)
        self.dispatches = DispatchStore(database, clock, self._recorder, self.slots)
        self.places = PlaceStore(database)
        self.schedules = ScheduleStore(database, clock, self._recorder, self.dispatches)
        self.prompts = PromptStore(database, clock, self._recorder)
        self.permissions = PermissionStore(database, clock, self._recorder)
        self.run_standing = RunStanding(self.dispatches, self.prompts, self.sessions)
        self.events = EventStore(database, self.prompts)
        self.output = OutputStore(database, self.tombstones)
        self.activity = ActivityStore(database)
        self.leases = LeaseStore(database)
        self.idempotency = IdempotencyStore(database)
        self.tokens = TokenStore(database)
        self.browsers = BrowserStore(database, clock)
        self.tickets = TicketStore(database, clock)
        self.users = UserStore(database)
        self.blobs = BlobStore(database, self.tombstones)
        self.attachments = AttachmentStore(database, self.tombstones)
        self.webhooks = WebhookStore(database, clock)
        self.deliveries = DeliveryStore(database, self._recorder)
        self.rates = RateStore(database)

    @classmethod
    async def connect(
        cls, url: str, *, database: str = "ccplant", clock: Clock | None = None, application: str = "ccplant"
    ) -> Store:
        """Connect to a replica set.

        Raises:
            StoreUnavailableError: nobody answers at that address.
            StoreMisconfiguredError: a standalone server, or the password is refused.
        """
        return cls(await Database.connect(url, database, application=application), clock)

    async def ensure_indexes(self) -> None:
        """Create every collection and index that is missing; every service may do it at its start."""
        await self.database.create_collections(tuple(INDEXES))
        for name, indexes in INDEXES.items():
            if indexes:
                await self.database.collection(name).create_indexes(indexes)

    async def transaction(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in the one transaction function."""
        return await self.database.transaction(work)

    async def ping(self) -> None:
        """Return when the primary answers.

        Raises:
            StoreUnavailableError: it does not.
        """
        await self.database.ping()

    async def purge(self, session_id: str) -> None:
        """Erase everything that is recorded of a session; safe to repeat and to crash in.

        The tombstone comes first, so that nothing can be written behind the deletion; the session's document goes last,
        so that a purge that was cut off is found again. Events that nobody was told of yet stay until they are, for a
        week at most: a subscriber must hear that the session is gone.
        """
        database = self.database
        await self.tombstones.put(session_id)
        await database.collection("output").delete_many(output_range(session_id))
        await self.blobs.purge(session_id)
        for name in ("prompts", "permissions"):
            await database.collection(name).delete_many({"session_id": session_id})
        await database.collection("activity").delete_many({"_id": session_id})
        await database.collection("idempotency").delete_many({"resource_id": session_id})
        await self._erase_record(session_id)

    async def _erase_record(self, session_id: str) -> None:
        sessions, events = self.database.collection("sessions"), self.database.collection("session_events")
        now = self._clock.now()

        async def write(run: Transaction) -> None:
            await self._recorder.append(run, session_id, [NewEvent("session.purged")], at=now)
            await events.delete_many({"session_id": session_id, "published": True}, transaction=run)
            await events.update_many(
                {"session_id": session_id}, {"$set": {"purged_at": now}}, transaction=run
            )
            await sessions.delete_many({"_id": session_id}, transaction=run)

        try:
            await self.database.transaction(write, on=session_id)
        except TombstonedError:
            return  # it is gone already

    def close(self) -> None:
        """Close every connection."""
        self.database.close()
