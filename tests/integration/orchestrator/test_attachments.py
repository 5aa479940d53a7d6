"""Pieces of files for runners: those of their own session, piece by piece, and nothing to anybody else."""

from __future__ import annotations

import asyncio
import hashlib
import random
from datetime import UTC, datetime, timedelta

import pytest
from nats.errors import TimeoutError as NatsTimeoutError

from ccplant_contracts import subjects
from ccplant_contracts.attachment import AttachedFile
from ccplant_contracts.ids import new_attachment_id, new_prompt_id
from ccplant_contracts.launch import PieceAnswer, PieceRequest
from ccplant_orchestrator.settings import OrchestratorSettings
from ccplant_store import Store
from ccplant_store.attachments import (
    PIECE_BYTES,
    UNUSED_FOR,
    AttachmentDoc,
    AttachmentMetadata,
    Removal,
    SessionRoom,
)
from ccplant_store.errors import StoreUnavailableError, TombstonedError
from ccplant_store.prompts.model import PromptDoc
from tests.integration.orchestrator.conftest import OWNER, Plant
from tests.support.scripted_runner import ScriptedRunner
from tests.support.waiting import eventually

CONTENT = random.Random(3).randbytes(2 * PIECE_BYTES + 100)
ROOM = SessionRoom(files=10, size=10**9)


@pytest.fixture
def orchestrator_settings() -> OrchestratorSettings:
    """The sweep comes often here."""
    return OrchestratorSettings(resync_seconds=1, sweep_seconds=1, stop_grace_seconds=0.5)


async def stored(store: Store, session_id: str, content: bytes = CONTENT) -> AttachedFile:
    """Store a file, as a gateway does."""
    wanted = AttachmentDoc(
        id=new_attachment_id(),
        length=len(content),
        metadata=AttachmentMetadata(
            session_id=session_id, owner=OWNER, name="a.bin", media_type="x/y", created_at=datetime.now(UTC)
        ),
    )
    await store.attachments.reserve(wanted, ROOM)
    for index in range(-(-len(content) // PIECE_BYTES)):
        await store.attachments.write(wanted.id, index, content[index * PIECE_BYTES :][:PIECE_BYTES])
    digest = hashlib.sha256(content).hexdigest()
    return (await store.attachments.finish(wanted.id, length=len(content), sha256=digest)).file()


async def ask(runner: ScriptedRunner, attachment_id: str, index: int) -> tuple[PieceAnswer, bytes]:
    request = PieceRequest(attachment_id=attachment_id, index=index).model_dump_json().encode()
    answer = await runner.bus.request(
        subjects.runner_out(runner.launch_id, "attachment"), request, timeout=10
    )
    head, _, piece = answer.data.partition(b"\n")
    return PieceAnswer.model_validate_json(head), piece


async def test_a_prompt_comes_with_its_files_and_their_pieces_make_the_whole(plant: Plant) -> None:
    session = await plant.create()
    file = await stored(plant.store, session.id)
    runner = await plant.runner(session.id)
    number = await plant.store.sessions.take_prompt_number(session.id, OWNER)
    assert number is not None
    prompt = PromptDoc(
        id=new_prompt_id(), session_id=session.id, owner=OWNER, number=number, text="look", by=OWNER,
        attachments=(file,), created_at=datetime.now(UTC),
    )  # fmt: skip
    await plant.store.prompts.insert(prompt)
    await plant.tell("prompt.deliver", session.id)
    await eventually(lambda: bool(runner.prompts))
    assert runner.prompts[0].attachments == (file,)
    pieces = [await ask(runner, file.attachment_id, index) for index in (2, 0, 1, 0)]
    assert all(answer.ok for answer, _ in pieces)
    whole = pieces[1][1] + pieces[2][1] + pieces[0][1]
    assert (whole, pieces[3]) == (CONTENT, pieces[1])


async def test_a_runner_gets_nothing_of_another_session_and_nothing_that_is_not_there(plant: Plant) -> None:
    mine, other = await plant.create(), await plant.create()
    theirs = await stored(plant.store, other.id)
    own = await stored(plant.store, mine.id)
    runner = await plant.runner(mine.id)
    for attachment_id, index in (
        (theirs.attachment_id, 0),
        (own.attachment_id, 3),
        (own.attachment_id, -1),
        ("att-0000000000000000", 0),
    ):
        answer, piece = await ask(runner, attachment_id, index)
        assert (answer.ok, piece) == (False, b"")
    foreign = subjects.runner_out((await plant.runner(other.id)).launch_id, "attachment")
    request = PieceRequest(attachment_id=theirs.attachment_id, index=0).model_dump_json().encode()
    with pytest.raises(NatsTimeoutError):
        await runner.bus.request(foreign, request, timeout=1)


async def test_what_makes_no_sense_is_answered_and_spoils_nothing(plant: Plant) -> None:
    session = await plant.create()
    file = await stored(plant.store, session.id)
    runner = await plant.runner(session.id)
    subject = subjects.runner_out(runner.launch_id, "attachment")
    for body in (b"", b"[]", b"\xff", b'{"attachment_id": {"$ne": ""}, "index": 0}', b'{"index": 0}'):
        answer = await runner.bus.request(subject, body, timeout=30)
        assert not PieceAnswer.model_validate_json(answer.data.partition(b"\n")[0]).ok
    assert (await ask(runner, file.attachment_id, 0))[0].ok


async def test_a_database_that_is_away_is_no_refusal(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await plant.create()
    file = await stored(plant.store, session.id)
    runner = await plant.runner(session.id)

    async def away(*_: object) -> None:
        raise StoreUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(plant.store.attachments, "open", away)
        request = PieceRequest(attachment_id=file.attachment_id, index=0).model_dump_json().encode()
        with pytest.raises(NatsTimeoutError):
            await runner.bus.request(subjects.runner_out(runner.launch_id, "attachment"), request, timeout=1)
    assert (await ask(runner, file.attachment_id, 0))[0].ok


async def test_the_sweep_removes_what_nobody_used(plant: Plant) -> None:
    session = await plant.create()
    file = await stored(plant.store, session.id)
    long_ago = datetime.now(UTC) - UNUSED_FOR - timedelta(minutes=5)
    await plant.store.database.collection("fs.files").update_many(
        {"_id": file.attachment_id}, {"$set": {"metadata.created_at": long_ago}}
    )

    async def gone() -> bool:
        return await plant.store.attachments.open(session.id, file.attachment_id) is None

    await eventually(gone, timeout=20)


async def test_a_file_is_either_claimed_or_removed_and_never_both(plant: Plant) -> None:
    session = await plant.create()
    store, now = plant.store, datetime.now(UTC)
    for _ in range(15):
        file = await stored(store, session.id, b"x")
        claimed, removed = await asyncio.gather(
            store.attachments.claim(session.id, OWNER, [file.attachment_id], at=now),
            store.attachments.remove(session.id, file.attachment_id, at=now),
            return_exceptions=True,
        )
        there = await store.attachments.open(session.id, file.attachment_id)
        if isinstance(claimed, BaseException):
            assert (removed, there) == (Removal.REMOVED, None)
        else:
            assert removed is Removal.IN_USE
            assert there is not None
            assert [piece async for piece in store.attachments.read(there)] == [b"x"]
            await store.attachments.discard(file.attachment_id)


async def test_a_claim_whose_message_never_came_runs_out(plant: Plant) -> None:
    session = await plant.create()
    store, now = plant.store, datetime.now(UTC)
    file = await stored(store, session.id, b"x")
    await store.attachments.claim(session.id, OWNER, [file.attachment_id], at=now)
    assert await store.attachments.remove(session.id, file.attachment_id, at=now) is Removal.IN_USE
    later = now + timedelta(minutes=3)
    assert await store.attachments.remove(session.id, file.attachment_id, at=later) is Removal.REMOVED


async def test_a_file_of_a_session_that_is_purged_meanwhile_leaves_nothing(plant: Plant) -> None:
    session = await plant.create()
    file = await stored(plant.store, session.id)
    wanted = AttachmentDoc(
        id=new_attachment_id(),
        length=1,
        metadata=AttachmentMetadata(
            session_id=session.id, owner=OWNER, name="a", media_type="x/y", created_at=datetime.now(UTC)
        ),
    )
    await plant.store.attachments.reserve(wanted, ROOM)
    await plant.store.attachments.write(wanted.id, 0, b"x")
    await plant.store.purge(session.id)
    await plant.store.attachments.write(wanted.id, 1, b"y")
    with pytest.raises(TombstonedError):
        await plant.store.attachments.finish(wanted.id, length=2, sha256="00")
    for name in ("fs.files", "fs.chunks"):
        assert await plant.store.database.collection(name).count({}, limit=5) == 0, file
