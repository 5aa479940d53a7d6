"""A real runner brings the files of its prompts: all or none, though answers are lost, and before its agent hears."""

from __future__ import annotations

import hashlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplant_contracts.stream import BLOB_CHUNK_BYTES, MessageChunk, Turn
from tests.support.runner_process import RunnerProcess, runner_process
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

CONTENT = random.Random(5).randbytes(3 * BLOB_CHUNK_BYTES + 7)
FAULT = "CCPLANT_FAULT"


@pytest.fixture
async def runner(nats_server: NatsServer, tmp_path: Path) -> AsyncIterator[RunnerProcess]:
    async with runner_process(nats_server, tmp_path) as process:
        await process.start()
        await process.ready()
        yield process


def line_of(name: str, content: bytes, path: Path) -> str:
    return f"{name}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}, at {path}"


def error_of(runner: RunnerProcess, prompt_id: str) -> str | None:
    return next(turn.error for turn in runner.of_type(Turn) if turn.prompt_id == prompt_id and turn.error)


async def test_the_agent_finds_each_file_under_a_name_of_its_own(
    runner: RunnerProcess, tmp_path: Path
) -> None:
    files = (runner.file("図.png", CONTENT), runner.file("図.png", b"other"), runner.file("empty", b""))
    prompt = await runner.prompt("attached", files=files)
    assert await runner.ended(prompt) == "done"
    folder = tmp_path / "workspace" / ".ccplant" / "attachments" / prompt
    assert runner.text(prompt).splitlines() == [
        line_of("図.png", CONTENT, folder / "図.png"),
        line_of("図.png", b"other", folder / "図-2.png"),
        line_of("empty", b"", folder / "empty"),
    ]
    (said,) = [chunk for chunk in runner.of_type(MessageChunk) if chunk.role == "user"]
    assert said.attachments == tuple(file.ref() for file in files)
    assert await runner.run_turn("attached") == ("done", "No file came with this message.")


async def test_a_piece_is_asked_for_until_it_comes(runner: RunnerProcess) -> None:
    runner.deaf_to_pieces = 2
    file = runner.file("a.bin", CONTENT)
    state, text = await runner.run_turn("attached", 60, files=(file,))
    assert state == "done"
    assert file.sha256 in text
    assert [piece.index for piece in runner.pieces] == [0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize("wrong", ["absent", "changed", "shorter"])
async def test_a_file_that_is_not_as_promised_fails_the_turn_and_leaves_nothing(
    runner: RunnerProcess, tmp_path: Path, wrong: str
) -> None:
    good, bad = runner.file("good", b"good"), runner.file("bad", CONTENT)
    match wrong:
        case "absent":
            del runner.files[bad.attachment_id]
        case "changed":
            runner.files[bad.attachment_id] = CONTENT[:-1] + b"\0"
        case _:
            runner.files[bad.attachment_id] = CONTENT[:-1]
    prompt = await runner.prompt("attached", files=(good, bad))
    assert await runner.ended(prompt) == "failed"
    words = (
        "the file bad cannot be had: there is none" if wrong == "absent" else "the file bad arrived changed"
    )
    assert words in (error_of(runner, prompt) or "")
    assert runner.text(prompt) == ""
    folder = tmp_path / "workspace" / ".ccplant" / "attachments" / prompt
    assert {path.name for path in folder.iterdir()} == {".gitignore", "good"}
    assert await runner.run_turn("echo on") == ("done", "on")


async def test_a_repository_that_leads_elsewhere_fails_the_turn_and_says_so(
    runner: RunnerProcess, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "workspace" / ".ccplant").symlink_to(outside)
    prompt = await runner.prompt("attached", files=(runner.file("a", b"a"),))
    assert await runner.ended(prompt) == "failed"
    assert ".ccplant in the workspace is no folder" in (error_of(runner, prompt) or "")
    assert list(outside.iterdir()) == []


async def test_a_cancel_and_a_stop_do_not_wait_for_files(runner: RunnerProcess) -> None:
    runner.deaf_to_pieces = 1_000
    prompt = await runner.prompt("attached", files=(runner.file("a", b"a"),))
    await eventually(lambda: bool(runner.pieces))
    assert (await runner.cancel(prompt)).detail == "cancelling"
    assert await runner.ended(prompt) == "cancelled"
    prompt = await runner.prompt("attached", files=(runner.file("b", b"b"),))
    await eventually(lambda: runner.pieces[-1].attachment_id in list(runner.files)[1:])
    await runner.stop()
    assert runner.turns(prompt) == ["started", "interrupted"]


async def test_a_runner_that_dies_before_the_agent_hears_has_said_that_it_began(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    async with runner_process(nats_server, tmp_path) as process:
        await process.start(**{FAULT: "runner.attachments.fetched:1"})
        await process.ready()
        prompt = await process.prompt("attached", files=(process.file("a", b"a"),))
        assert process.process is not None
        await process.process.wait()
        # where its log was not stored in time, whoever judges its end reads it from its disk
        log = "".join(path.read_text() for path in (tmp_path / "state" / "wal").iterdir())
        assert f'"prompt_id":"{prompt}","state":"started"' in log
        assert '"role":"agent"' not in log
