"""A real runner asked over a real bus for what its agent changed in a real clone."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

from ccplant_contracts import subjects
from ccplant_contracts.changes import Changes, ChangesAnswer, ChangesRequest, FileDiff
from ccplant_contracts.launch import PromptDelivery, PromptReceipt
from ccplant_platform.bus.connection import connect
from tests.support.runner_process import RunnerProcess, runner_process
from tests.support.servers import NatsServer
from tests.support.waiting import eventually


def repository(folder: Path) -> str:
    folder.mkdir()
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
           "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}  # fmt: skip
    (folder / "file").write_text("one\n")
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run(["git", *command], cwd=folder, env=env, check=True, capture_output=True)
    return f"file://{folder}"


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def asked(server: NatsServer, runner: RunnerProcess, path: str | None) -> tuple[ChangesAnswer, bytes]:
    """Ask as the gateway does, with the gateway's credential."""
    gateway = await connect(server.access("api"), name="gateway")
    try:
        subject = subjects.runner_in(runner.spec.launch_id, "changes")
        request, whole = ChangesRequest(path=path), b""
        while True:
            reply = await gateway.request(subject, request.model_dump_json().encode(), timeout=30)
            first, _, piece = reply.data.partition(b"\n")
            head = ChangesAnswer.model_validate_json(first)
            whole += piece
            if not head.ok or request.index == head.pieces - 1:
                return head, whole
            request = ChangesRequest(answer_id=head.answer_id, index=request.index + 1)
    finally:
        await gateway.close()


async def test_what_the_agent_did_is_told_and_shown(nats_server: NatsServer, tmp_path: Path) -> None:
    async with runner_process(
        nats_server, tmp_path, repository=repository(tmp_path / "origin"), secrets=("a-secret-of-ours",)
    ) as runner:
        await runner.start()
        await runner.ready()
        workspace = Path(runner.spec.workspace)
        (workspace / "file").write_text("two a-secret-of-ours\n")
        (workspace / "large").write_text("0123456789abcde\n" * 50_000)
        told = Changes.model_validate_json((await asked(nats_server, runner, None))[1])
        assert told.base is not None
        assert told.base.branch == "main"
        assert {file.path: file.status for file in told.files} == {"file": "modified", "large": "untracked"}
        diff = FileDiff.model_validate_json((await asked(nats_server, runner, "file"))[1])
        assert diff.diff.endswith("-one\n+two ***\n")
        head, whole = await asked(nats_server, runner, "large")
        assert head.pieces > 1
        assert FileDiff.model_validate_json(whole).diff.count("\n+0123456789abcde") == 50_000
        assert (await asked(nats_server, runner, "nothing"))[0].fault == "not_changed"


async def test_a_git_that_takes_long_holds_nothing_up(nats_server: NatsServer, tmp_path: Path) -> None:
    """A prompt and a stop are answered while git hangs, and no git is left when the runner has gone."""
    slow = tmp_path / "bin"
    hangs = tmp_path / "hangs"
    slow.mkdir()
    real = shutil.which("git")
    (slow / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *--others*) echo $$ > "{hangs}"; exec sleep 600;; esac\nexec {real} "$@"\n'
    )
    (slow / "git").chmod(0o755)
    async with runner_process(nats_server, tmp_path, repository=repository(tmp_path / "origin")) as runner:
        await runner.start(PATH=f"{slow}:{os.environ['PATH']}")
        await runner.ready()
        asking = asyncio.ensure_future(asked(nats_server, runner, None))
        pid = int(await eventually(lambda: hangs.exists() and hangs.read_text().strip(), 20))
        delivery = PromptDelivery(prompt_id="p1", number=1, text="echo hello", by="tester")
        assert (await runner.ask("prompt", delivery, PromptReceipt)).accepted
        assert await runner.ended("p1", 20) == "done"
        await runner.stop()
        assert not lives(pid)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
