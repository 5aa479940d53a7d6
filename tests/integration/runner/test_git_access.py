"""A real runner that clones a private repository: the token is in no process list, no environment and no workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ccplant_contracts.launch import GitAccess
from ccplant_contracts.status import Reason
from tests.support.git_server import GitServer, git_server
from tests.support.runner_process import RunnerProcess, runner_process
from tests.support.servers import NatsServer
from tests.support.waiting import eventually

TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "served", TOKEN) as found:
        yield found


def shown_of(runner: RunnerProcess) -> list[str]:
    """What arguments and environment of everything that the runner has started show."""
    assert runner.process is not None
    shown: list[str] = []
    for process in psutil.Process(runner.process.pid).children(recursive=True):
        try:
            shown += [" ".join(process.cmdline()), str(process.environ())]
        except psutil.Error:
            continue
    return shown


async def test_a_private_repository_is_cloned_by_its_owners_token_and_nothing_shows_it(
    nats_server: NatsServer, tmp_path: Path, server: GitServer
) -> None:
    url = server.repository("octo/private", {"README": "private words"})
    push = (
        "git config user.email a@b && git config user.name a && echo 2 > two && git add two && git commit -qm second "
        "&& git push -q origin HEAD && sleep 0.3"
    )
    async with runner_process(
        nats_server,
        tmp_path,
        repository=url,
        setup_script=push,
        git=GitAccess(url=server.url, token=TOKEN),
        secrets=(TOKEN,),
    ) as runner:
        await runner.start()
        seen: list[str] = []

        def registered() -> bool:
            seen.extend(shown_of(runner))
            return bool(runner.registrations) or runner._died()

        await eventually(registered, 30)
        assert runner.registrations, runner.log.decode()
        assert any("clone" in text for text in seen)
        assert not any(TOKEN in text for text in seen)
        assert (tmp_path / "workspace" / "README").read_text() == "private words"
        assert len(server.credentials) > 2
        await runner.stop()
        assert TOKEN.encode() not in runner.log
        holders = [
            path
            for path in (*(tmp_path / "workspace").rglob("*"), *(tmp_path / "state").rglob("*"))
            if path.is_file() and TOKEN.encode() in path.read_bytes()
        ]
        assert holders == [], "the token outlives its launch"


async def test_a_clone_without_access_ends_the_launch_and_says_what_was_missing(
    nats_server: NatsServer, tmp_path: Path, server: GitServer
) -> None:
    url = server.repository("octo/private")
    async with runner_process(nats_server, tmp_path, repository=url) as runner:
        await runner.start()
        word = await runner.last_word()
        assert (word.reason, word.evidence) == (Reason.CLONE_FAILED, {"access": "no_token"})
        assert "could not read Username" in (word.detail or "")
        assert list((tmp_path / "workspace").iterdir()) == []
