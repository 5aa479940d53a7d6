"""The only module that imports the driver: connection, collections, the one transaction function.

Motor is past its end of life and PyMongo's own asynchronous interface replaces it: then this file changes and no
other. Every call has a timeout, every write is acknowledged by a majority and journalled, and the driver's errors
become the store's own here, so that no caller can mistake "not reachable" for a bug.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession, AsyncIOMotorCollection
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument, WriteConcern, timeout
from pymongo import errors as driver_errors
from pymongo.read_concern import ReadConcern

from ccplant_store.documents import Raw
from ccplant_store.errors import (
    DuplicateKeyError,
    StoreMisconfiguredError,
    StoreUnavailableError,
    TransactionContentionError,
)
from ccplant_store.turns import Turns

T = TypeVar("T")

Filter = Mapping[str, Any]
Update = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Sort = Sequence[tuple[str, int]]
ASC = ASCENDING
DESC = DESCENDING
EPOCH = datetime.fromtimestamp(0, UTC)
"""Before every moment that is recorded: an index over those that have a time is used only where a query says so."""

TRANSACTION_TRIES = 10
TRANSACTION_SECONDS = 10.0
_UNREACHABLE_SECONDS = 3.0
"""A transaction is not tried again for a server that was away for so long: the caller can wait better."""
_CALL_MILLISECONDS = 6_000
_INDEX_SECONDS = 300
_NAMESPACE_EXISTS = 48
_FIRST_DELAY = 0.004
_LONGEST_DELAY = 0.25
_DUPLICATE = 11000
_REFUSED = frozenset({13, 18, 8000})
_KEY_NOT_FOUND = 211
"""A server that has just come back does not know yet with what it signed its time; it does within seconds."""
_POOL = 50


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction under way; passed to each call that belongs to it."""

    session: AsyncIOMotorClientSession


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update met."""

    matched: int
    inserted: bool


@dataclass(frozen=True, slots=True)
class Index:
    """An index that a collection must have."""

    keys: tuple[tuple[str, int], ...]
    name: str
    unique: bool = False
    partial: Mapping[str, Any] | None = None
    expire_after_seconds: int | None = None

    def model(self) -> IndexModel:
        """Return the driver's form."""
        options: dict[str, Any] = {"name": self.name, "unique": self.unique}
        if self.partial is not None:
            options["partialFilterExpression"] = dict(self.partial)
        if self.expire_after_seconds is not None:
            options["expireAfterSeconds"] = self.expire_after_seconds
        return IndexModel(list(self.keys), **options)


def _is_timeout(error: driver_errors.PyMongoError) -> bool:
    return isinstance(error, (driver_errors.ExecutionTimeout, driver_errors.WTimeoutError)) or error.timeout


def _is_waking(error: driver_errors.PyMongoError) -> bool:
    if isinstance(error, driver_errors.ConfigurationError):
        # what `connect` has checked: until a server that came back is a member of its set again, the driver takes it for
        # one without sessions
        return "Sessions are not supported" in str(error)
    return isinstance(error, driver_errors.OperationFailure) and error.code == _KEY_NOT_FOUND


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except driver_errors.DuplicateKeyError as error:
        raise _duplicate(error.details) from error
    except driver_errors.BulkWriteError as error:
        writes = error.details.get("writeErrors", [])
        if writes and all(write.get("code") == _DUPLICATE for write in writes):
            raise _duplicate(writes[0]) from error
        raise
    except driver_errors.ConnectionFailure as error:
        raise StoreUnavailableError(f"MongoDB cannot be reached: {_first_words(error)}") from error
    except driver_errors.PyMongoError as error:
        if _is_timeout(error):
            raise StoreUnavailableError(f"MongoDB did not answer in time: {_first_words(error)}") from error
        if _is_waking(error):
            raise StoreUnavailableError(f"MongoDB has just come back: {_first_words(error)}") from error
        raise


def _duplicate(details: Mapping[str, Any] | None) -> DuplicateKeyError:
    message = str((details or {}).get("errmsg", "duplicate key"))
    index = message.split(" index: ", 1)[1].split(" ", 1)[0] if " index: " in message else None
    return DuplicateKeyError(f"a document with this key exists (index {index})", index=index)


def _first_words(error: Exception) -> str:
    return str(error).split(", Timeout:", 1)[0][:300]


def _has_label(error: BaseException, label: str) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, driver_errors.PyMongoError) and seen.has_error_label(label):
            return True
        seen = seen.__cause__
    return False


def _session(transaction: Transaction | None) -> AsyncIOMotorClientSession | None:
    return None if transaction is None else transaction.session


class Collection:
    """One collection, with the calls that the store needs and nothing else."""

    def __init__(self, collection: AsyncIOMotorCollection[Raw]) -> None:
        self._collection = collection

    async def find_one(
        self,
        query: Filter,
        *,
        projection: Mapping[str, Any] | None = None,
        sort: Sort | None = None,
        transaction: Transaction | None = None,
    ) -> Raw | None:
        """Return one document."""
        with _translated():
            return await self._collection.find_one(
                query, projection, sort=None if sort is None else list(sort), session=_session(transaction)
            )

    async def find(
        self,
        query: Filter,
        *,
        projection: Mapping[str, Any] | None = None,
        sort: Sort | None = None,
        limit: int,
        skip: int = 0,
        transaction: Transaction | None = None,
    ) -> list[Raw]:
        """Return at most `limit` documents."""
        cursor = self._collection.find(
            query,
            projection,
            sort=None if sort is None else list(sort),
            limit=limit,
            skip=skip,
            batch_size=limit,
            session=_session(transaction),
        )
        with _translated():
            return await cursor.to_list(length=limit)

    async def find_snapshot(self, query: Filter, *, sort: Sort, limit: int) -> list[Raw]:
        """Return documents as they were at one moment: a scan cannot miss one and see its successor."""
        client = self._collection.database.client
        with _translated():
            async with await client.start_session(snapshot=True) as session:
                cursor = self._collection.find(
                    query, sort=list(sort), limit=limit, batch_size=limit, session=session
                )
                return await cursor.to_list(length=limit)

    async def insert_one(self, document: Raw, *, transaction: Transaction | None = None) -> None:
        """Insert a document.

        Raises:
            DuplicateKeyError: its key, or a unique field, is taken.
        """
        with _translated():
            await self._collection.insert_one(document, session=_session(transaction))

    async def insert_many(self, documents: Sequence[Raw], *, transaction: Transaction | None = None) -> None:
        """Insert all of them."""
        with _translated():
            await self._collection.insert_many(documents, session=_session(transaction))

    async def insert_missing(self, documents: Sequence[Raw]) -> int:
        """Insert those that are not there yet; return how many were new."""
        with _translated():
            try:
                result = await self._collection.insert_many(documents, ordered=False)
            except driver_errors.BulkWriteError as error:
                details = error.details
                if details.get("writeConcernErrors") or any(
                    write.get("code") != _DUPLICATE for write in details.get("writeErrors", [])
                ):
                    raise
                return int(details["nInserted"])
        return len(result.inserted_ids)

    async def insert_unordered(self, documents: Sequence[Raw]) -> dict[int, str | None]:
        """Insert those whose keys and unique fields are free; return the places of the others, and what refused each.

        Raises:
            StoreUnavailableError: it is not known which are durable.
        """
        with _translated():
            try:
                await self._collection.insert_many(documents, ordered=False)
            except driver_errors.BulkWriteError as error:
                refused = error.details.get("writeErrors", [])
                if error.details.get("writeConcernErrors") or any(
                    write.get("code") != _DUPLICATE for write in refused
                ):
                    raise StoreUnavailableError(f"MongoDB did not take all: {_first_words(error)}") from error
                return {int(write["index"]): _duplicate(write).index for write in refused}
        return {}

    async def update_one(
        self, query: Filter, update: Update, *, upsert: bool = False, transaction: Transaction | None = None
    ) -> Updated:
        """Update one document."""
        with _translated():
            result = await self._collection.update_one(
                query, update, upsert=upsert, session=_session(transaction)
            )
        return Updated(matched=result.matched_count, inserted=result.upserted_id is not None)

    async def update_many(
        self, query: Filter, update: Update, *, transaction: Transaction | None = None
    ) -> int:
        """Update every match; return how many there were."""
        with _translated():
            result = await self._collection.update_many(query, update, session=_session(transaction))
        return result.matched_count

    async def find_one_and_update(
        self,
        query: Filter,
        update: Update,
        *,
        sort: Sort | None = None,
        upsert: bool = False,
        projection: Mapping[str, Any] | None = None,
        transaction: Transaction | None = None,
    ) -> Raw | None:
        """Update one document and return it as it is then."""
        with _translated():
            return await self._collection.find_one_and_update(
                query,
                update,
                projection=projection,
                sort=None if sort is None else list(sort),
                upsert=upsert,
                return_document=ReturnDocument.AFTER,
                session=_session(transaction),
            )

    async def find_one_and_delete(self, query: Filter) -> Raw | None:
        """Delete one document and return it as it was."""
        with _translated():
            return await self._collection.find_one_and_delete(query)

    async def delete_many(self, query: Filter, *, transaction: Transaction | None = None) -> int:
        """Delete every match; return how many there were."""
        with _translated():
            result = await self._collection.delete_many(query, session=_session(transaction))
        return result.deleted_count

    async def count(self, query: Filter, *, limit: int) -> int:
        """Count matches, at most `limit` of them, so that a long list costs no more than its cap."""
        with _translated():
            return await self._collection.count_documents(query, limit=limit)

    async def distinct(self, key: str, query: Filter) -> list[str]:
        """Return the different values of a text field."""
        with _translated():
            return [str(value) for value in await self._collection.distinct(key, query)]

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]], *, limit: int) -> list[Raw]:
        """Run a pipeline."""
        with _translated():
            return await self._collection.aggregate(list(pipeline)).to_list(length=limit)

    async def create_indexes(self, indexes: Sequence[Index]) -> None:
        """Create the indexes that are missing; on a large collection that takes its time."""
        with _translated(), timeout(_INDEX_SECONDS):
            await self._collection.create_indexes([index.model() for index in indexes])


class Database:
    """A database on a replica set."""

    def __init__(self, client: AsyncIOMotorClient[Raw], name: str) -> None:
        self._client = client
        self._database = client[name]
        self._turns = Turns()

    @classmethod
    async def connect(cls, url: str, name: str, *, application: str = "ccplant") -> Database:
        """Connect, and make sure that what answers can keep our promises.

        Raises:
            StoreUnavailableError: nobody answers at that address.
            StoreMisconfiguredError: a standalone server, or the password is refused.
        """
        try:
            client: AsyncIOMotorClient[Raw] = AsyncIOMotorClient(
                url,
                appname=application,
                tz_aware=True,
                w="majority",
                journal=True,
                readConcernLevel="majority",
                readPreference="primary",
                retryWrites=True,
                retryReads=True,
                serverSelectionTimeoutMS=_CALL_MILLISECONDS,
                connectTimeoutMS=3_000,
                socketTimeoutMS=20_000,
                timeoutMS=_CALL_MILLISECONDS,
                waitQueueTimeoutMS=5_000,
                maxPoolSize=_POOL,
            )
        except (driver_errors.ConfigurationError, driver_errors.InvalidURI, ValueError) as error:
            raise StoreMisconfiguredError(f"The MongoDB URL is not valid: {error}") from error
        database = cls(client, name)
        try:
            await database._check()
        except BaseException:
            client.close()
            raise
        return database

    async def _check(self) -> None:
        hosts = ", ".join(f"{host}:{port}" for host, port in sorted(self._seeds()))
        try:
            with _translated():
                hello = await self._client.admin.command("hello")
                await self._database.command("ping")
                if not hello.get("setName"):
                    raise StoreMisconfiguredError(
                        f"MongoDB at {hosts} is a standalone server; ccplant needs a replica set (one node is enough: "
                        "start mongod with --replSet and run rs.initiate())."
                    )
                await self._database.list_collection_names(filter={"name": "sessions"})
        except StoreUnavailableError as error:
            raise StoreUnavailableError(f"MongoDB at {hosts} cannot be reached ({error})") from error
        except driver_errors.OperationFailure as error:
            if error.code in _REFUSED:
                raise StoreMisconfiguredError(f"MongoDB at {hosts} refuses the user or password.") from error
            raise

    def _seeds(self) -> set[tuple[str, int | None]]:
        description = self._client.delegate.topology_description
        return set(description.server_descriptions())

    def collection(self, name: str) -> Collection:
        """Return a collection."""
        return Collection(self._database[name])

    async def command(self, command: Mapping[str, Any]) -> Raw:
        """Run a database command."""
        with _translated():
            return dict(await self._database.command(dict(command)))

    async def ping(self) -> None:
        """Return when the primary answers.

        Raises:
            StoreUnavailableError: it does not.
        """
        await self.command({"ping": 1})

    async def create_collections(self, names: Sequence[str]) -> None:
        """Create what is missing: a transaction should not have to."""
        with _translated():
            present = set(await self._database.list_collection_names())
            for name in names:
                if name not in present:
                    try:
                        await self._database.create_collection(name)
                    except driver_errors.CollectionInvalid:
                        continue  # another process was faster
                    except driver_errors.OperationFailure as error:
                        if error.code != _NAMESPACE_EXISTS:  # faster still: after the driver had looked
                            raise

    async def transaction(self, work: Callable[[Transaction], Awaitable[T]], *, on: str | None = None) -> T:
        """Run `work` in a transaction: all of it becomes durable, or nothing.

        `work` may run several times, and must do nothing but database calls with the transaction it is given. The
        delays are jittered: without them everybody who met on one document meets there again. `on` names what the
        transaction is about; those of this process about the same take turns.

        Raises:
            TransactionContentionError: it lost against others as often as allowed.
            StoreUnavailableError: MongoDB cannot be reached.
        """
        if on is None:
            return await self._transaction(work)
        async with self._turns.take(on):
            return await self._transaction(work)

    async def _transaction(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        begun = time.monotonic()
        for attempt in range(1, TRANSACTION_TRIES + 1):
            try:
                return await self._try(work)
            except (driver_errors.PyMongoError, StoreUnavailableError) as error:
                if not _has_label(error, "TransientTransactionError"):
                    raise
                spent = time.monotonic() - begun
                if isinstance(error, StoreUnavailableError):
                    if attempt == TRANSACTION_TRIES or spent > _UNREACHABLE_SECONDS:
                        raise
                elif attempt == TRANSACTION_TRIES or spent > TRANSACTION_SECONDS:
                    raise TransactionContentionError(
                        f"the transaction was tried {attempt} times, and others changed the same documents each time"
                    ) from error
            await asyncio.sleep(random.uniform(0, min(_LONGEST_DELAY, _FIRST_DELAY * 2**attempt)))
        raise AssertionError("unreachable")  # the last attempt returns or raises

    async def _try(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        with _translated():
            async with await self._client.start_session() as session:
                session.start_transaction(
                    read_concern=ReadConcern("snapshot"),
                    write_concern=WriteConcern(w="majority", j=True),
                    max_commit_time_ms=5_000,
                )
                try:
                    result = await work(Transaction(session))
                except Exception:
                    await session.abort_transaction()
                    raise
                await self._commit(session)
                return result

    async def _commit(self, session: AsyncIOMotorClientSession) -> None:
        for attempt in range(1, TRANSACTION_TRIES + 1):
            try:
                await session.commit_transaction()
            except driver_errors.PyMongoError as error:
                if attempt == TRANSACTION_TRIES or not error.has_error_label(
                    "UnknownTransactionCommitResult"
                ):
                    raise
                await asyncio.sleep(random.uniform(0, _LONGEST_DELAY))
            else:
                return

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
