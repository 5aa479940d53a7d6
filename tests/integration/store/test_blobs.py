"""Blobs in pieces: repeats are harmless, lies are refused, leftovers are collected."""

from __future__ import annotations

import asyncio
import hashlib
import random
from datetime import timedelta

import pytest

from ccplant_contracts.launch import BlobChunk
from ccplant_store import Store
from ccplant_store.errors import BlobRejectedError, TombstonedError
from tests.support.documents import NOW, running_session

SIZE = 1_000
DATA = random.Random(1).randbytes(4_500)
SESSION = "session-ada-0123456789"


def pieces(
    blob_id: str = "blob-1", data: bytes = DATA, digest: str | None = None
) -> list[tuple[BlobChunk, bytes]]:
    total = -(-len(data) // SIZE)
    return [
        (
            BlobChunk(
                blob_id=blob_id,
                index=index,
                total=total,
                size=len(data),
                sha256=digest or hashlib.sha256(data).hexdigest(),
            ),
            data[index * SIZE : (index + 1) * SIZE],
        )
        for index in range(total)
    ]


async def content(store: Store, blob_id: str = "blob-1", session_id: str = SESSION) -> bytes | None:
    blob = await store.blobs.open(session_id, blob_id)
    return None if blob is None else b"".join([piece async for piece in store.blobs.read(blob)])


async def test_pieces_in_any_order_and_number_make_the_whole(store: Store) -> None:
    sent = pieces() * 3
    random.shuffle(sent)
    done = await asyncio.gather(*(store.blobs.write_chunk(SESSION, *piece, at=NOW) for piece in sent))
    assert any(done)
    assert await content(store) == DATA
    assert await store.blobs.write_chunk(SESSION, *pieces()[0], at=NOW)


async def test_the_last_piece_may_come_first(store: Store) -> None:
    done = [await store.blobs.write_chunk(SESSION, *piece, at=NOW) for piece in reversed(pieces())]
    assert done == [False] * (len(done) - 1) + [True]
    assert await content(store) == DATA


async def test_an_incomplete_blob_is_not_shown(store: Store) -> None:
    for piece in pieces()[:-1]:
        assert not await store.blobs.write_chunk(SESSION, *piece, at=NOW)
    assert await content(store) is None


async def test_a_blob_belongs_to_its_session(store: Store) -> None:
    for piece in pieces():
        await store.blobs.write_chunk(SESSION, *piece, at=NOW)
    assert await content(store, session_id="session-eve-0123456789") is None
    with pytest.raises(BlobRejectedError):
        await store.blobs.write_chunk("session-eve-0123456789", *pieces()[0], at=NOW)


async def test_a_whole_that_is_not_what_was_promised_is_refused_and_can_be_sent_again(store: Store) -> None:
    wrong = pieces(digest="0" * 64)
    for piece in wrong[:-1]:
        await store.blobs.write_chunk(SESSION, *piece, at=NOW)
    with pytest.raises(BlobRejectedError):
        await store.blobs.write_chunk(SESSION, *wrong[-1], at=NOW)
    for piece in pieces():
        await store.blobs.write_chunk(SESSION, *piece, at=NOW)
    assert await content(store) == DATA


async def test_a_piece_that_contradicts_an_earlier_one_is_refused(store: Store) -> None:
    await store.blobs.write_chunk(SESSION, *pieces()[0], at=NOW)
    with pytest.raises(BlobRejectedError):
        await store.blobs.write_chunk(SESSION, *pieces(data=DATA + b"x")[1], at=NOW)


async def test_what_nobody_references_in_an_hour_is_collected(store: Store) -> None:
    for blob_id in ("kept", "dropped"):
        for piece in pieces(blob_id):
            await store.blobs.write_chunk(SESSION, *piece, at=NOW)
    await store.blobs.write_chunk(SESSION, *pieces("cut-off")[0], at=NOW)
    await store.blobs.reference(SESSION, ["kept"])
    assert await store.blobs.collect_unreferenced(NOW + timedelta(minutes=59)) == 0
    assert await store.blobs.collect_unreferenced(NOW + timedelta(minutes=61)) == 2
    assert await content(store, "kept") == DATA
    assert await store.database.collection("fs.chunks").count({"files_id": {"$ne": "kept"}}, limit=9) == 0


async def test_a_purged_session_takes_no_blob(store: Store) -> None:
    session = await running_session(store)
    await store.blobs.write_chunk(session.id, *pieces()[0], at=NOW)
    await store.purge(session.id)
    with pytest.raises(TombstonedError):
        await store.blobs.write_chunk(session.id, *pieces()[1], at=NOW)
    for name in ("fs.files", "fs.chunks"):
        assert await store.database.collection(name).count({}, limit=9) == 0


async def test_an_empty_blob(store: Store) -> None:
    chunk = BlobChunk(blob_id="b", index=0, total=1, size=0, sha256=hashlib.sha256(b"").hexdigest())
    assert await store.blobs.write_chunk(SESSION, chunk, b"", at=NOW)
    assert await content(store, "b") == b""
