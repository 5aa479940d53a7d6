"""Deliveries that arrive at the same time are written together: one journal write, and one acknowledgement, for all of them.

Each is answered when the write that it was part of is durable, not before. While few arrive each is written at once; what
comes while as many writes are under way as may be waits for the next one, so that the more arrive the less each costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ccplant_store.documents import Raw
from ccplant_store.driver import Collection
from ccplant_store.errors import StoreError

_UNDER_WAY = 2
_MOST_DOCUMENTS = 64
_MOST_BYTES = 4_000_000

Duplicate = str | None
"""The index that refused a document, where the server tells."""


class Together:
    """Inserts into one collection."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._waiting: list[_Insert] = []
        self._writers: set[asyncio.Task[None]] = set()

    async def insert(self, document: Raw, *, size: int) -> tuple[Duplicate] | None:
        """Insert a document of about so many bytes; what refused it, where its key or a unique field is taken.

        Raises:
            StoreUnavailableError: it is not known to be durable; it may be written all the same.
        """
        one = _Insert(document, size, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if len(self._writers) < _UNDER_WAY:
            writer = asyncio.create_task(self._write())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        return await one.written

    async def _write(self) -> None:
        while batch := self._next():
            try:
                refused = await self._collection.insert_unordered([one.document for one in batch])
            except StoreError as error:
                for one in batch:
                    one.fail(error)
            except Exception as error:  # noqa: BLE001 - one that cannot be written at all must not take others with it
                if len(batch) == 1:
                    batch[0].fail(error)
                else:
                    await self._write_each(batch)
            else:
                for number, one in enumerate(batch):
                    one.done((refused[number],) if number in refused else None)

    async def _write_each(self, batch: Sequence[_Insert]) -> None:
        for one in batch:
            try:
                refused = await self._collection.insert_unordered([one.document])
            except Exception as error:  # noqa: BLE001 - told to whoever waits for it
                one.fail(error)
            else:
                one.done((refused[0],) if refused else None)

    def _next(self) -> list[_Insert]:
        count = size = 0
        for one in self._waiting[:_MOST_DOCUMENTS]:
            size += one.size
            if count and size > _MOST_BYTES:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch


class _Insert:
    """One document, and who waits for it."""

    __slots__ = ("document", "size", "written")

    def __init__(self, document: Raw, size: int, written: asyncio.Future[tuple[Duplicate] | None]) -> None:
        self.document = document
        self.size = size
        self.written = written

    def done(self, refused: tuple[Duplicate] | None) -> None:
        if not self.written.done():  # who waited may be gone
            self.written.set_result(refused)

    def fail(self, error: Exception) -> None:
        if not self.written.done():
            self.written.set_exception(error)
