"""What the README promises about sessions that start by themselves, by its own commands, on the whole system."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.git_server import git_server
from tests.support.github_sender import GitHubSender, Sent, pull_request
from tests.support.scene import Scene
from tests.support.trigger_auditor import TriggerAuditor
from tests.support.waiting import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.smoke, pytest.mark.timeout(400)]

README = Path(__file__).parents[2] / "README.md"
SECTION = "## Sessions that start by themselves"
NIGHTLY, EACH_MINUTE = "0 3 * * *", "* * * * *"
URL = "https://github.example/acme/site/pull/7"


@dataclass
class Terminal:
    """Where a newcomer types."""

    folder: Path
    environment: Mapping[str, str]

    async def run(self, *arguments: str) -> str:
        """Run `ccplant`; return what it says on stdout."""
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "ccplant_cli", *arguments], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    async def document(self, *arguments: str) -> dict[str, Any]:
        """Run `ccplant … --json`."""
        found: dict[str, Any] = json.loads(await self.run(*arguments, "--json"))
        return found


def commands() -> list[list[str]]:
    """Return what the section says to type, without `ccplant` itself."""
    section = README.read_text(encoding="utf-8").split(SECTION)[1].split("\n## ")[0]
    lines = section.split("```console\n")[1].split("```")[0].replace("\\\n", " ").splitlines()
    typed = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines if line.startswith("$ ")]
    assert all(words[0] == "ccplant" for words in typed)
    return [words[1:] for words in typed]


async def test_a_pull_request_starts_a_session_its_next_event_goes_there_and_a_schedule_fires_at_its_minute(
    stage: Scene, tmp_path: Path
) -> None:
    create, try_out, send, nightly = commands()
    assert [create[:2], try_out[:2], send[:2], nightly[:2]] == [
        ["webhook", "create"], ["webhook", "test"], ["webhook", "send"], ["schedule", "create"],
    ]  # fmt: skip
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    token = {"CCPLANT_URL": stage.system.url, "CCPLANT_TOKEN": stage.system.token}
    terminal = Terminal(tmp_path, {**kept, **token, "HOME": str(tmp_path), "LANG": "C.UTF-8"})
    auditor = TriggerAuditor(stage.auditor)
    with git_server(tmp_path / "git", None) as server:
        repository = server.repository("acme/site")
        before = datetime.now(UTC)
        # the repository of whoever tries it; and at three in the morning nobody would see this end
        nightly = [EACH_MINUTE if word == NIGHTLY else word for word in nightly]
        schedule_id = (await terminal.run(*nightly, "--repo", repository)).strip()
        webhook_id = (await terminal.run(*create, "--repo", repository)).strip()
        auditor.sources |= {schedule_id, webhook_id}
        try:
            await terminal.run(*try_out)
            webhook = await terminal.document("webhook", "show", webhook_id)
            secret = (tmp_path / "review.secret").read_text().strip()
            async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
                github = GitHubSender(client, webhook["delivery_url"], secret)
                session_id = await _reviewed(stage, github, terminal, webhook_id)
            await _cloned(stage, session_id)
            sent = await terminal.document(*send)
            assert sent["outcome"] in ("dispatched", "waiting"), sent
            run = await _ran(terminal, schedule_id)
        finally:
            await terminal.run("schedule", "delete", schedule_id, "--yes")
        _at_its_minute(run, before)
        ticks = [row["tick_at"] for row in await stage.auditor.find("runs", {"schedule_id": schedule_id})]
        auditor.due[schedule_id] = sorted(ticks)
        by_command = Sent(
            {}, guid=sent["github_delivery"], answers=[(202, {"delivery_id": sent["delivery_id"]})]
        )
        await auditor.at_rest([*github.sent, by_command], stage.person.ledger)
        await stage.finish()
        assert await auditor.findings([*github.sent, by_command]) == []


async def _reviewed(stage: Scene, github: GitHubSender, terminal: Terminal, webhook_id: str) -> str:
    """Send two events of one pull request; return the one session that was told of both."""
    for action in ("opened", "synchronize"):
        delivery = github.new(pull_request(7, "a" * 40, action=action))
        assert await github.send(delivery), delivery.answers
        assert delivery.answers[0][0] == 202

    async def dispatched() -> list[dict[str, Any]]:
        page = await terminal.document("webhook", "deliveries", webhook_id, "--outcome", "dispatched")
        assert len(page["deliveries"]) == 2, page
        return list(page["deliveries"])

    deliveries = await eventually(dispatched, 60, interval=0.5)
    (session_id,) = {str(delivery["session_id"]) for delivery in deliveries}
    await stage.auditor.prompts_ended(session_id)
    prompts = await stage.auditor.prompts(session_id)
    assert [(prompt["text"], prompt["state"]) for prompt in prompts] == [(f"Review {URL}", "done")] * 2
    # the demo agent says what it was told
    assert (await terminal.run("session", "messages", session_id)).count(f"You said: Review {URL}") == 2
    return session_id


async def _cloned(stage: Scene, session_id: str) -> None:
    """Look into the session's workspace by its own agent."""
    await stage.person.say(session_id, "echo it is cloned")
    await stage.auditor.prompts_ended(session_id)
    [found] = stage.system.data_dir.glob(f"sessions/{session_id}/*/workspace/README")
    assert found.read_text() == "hello"


async def _ran(terminal: Terminal, schedule_id: str) -> dict[str, Any]:
    """Wait for the minute to come, and for the session that it starts to complete."""

    async def succeeded() -> dict[str, Any]:
        runs = (await terminal.document("schedule", "runs", schedule_id))["runs"]
        assert runs, "nothing ran yet"
        assert runs[-1]["outcome"] == "succeeded", runs
        return dict(runs[-1])

    return await eventually(succeeded, 100, interval=1.0)


def _at_its_minute(run: Mapping[str, Any], before: datetime) -> None:
    tick, fired = (datetime.fromisoformat(run[name]) for name in ("tick_at", "fired_at"))
    first = before.replace(second=0, microsecond=0) + timedelta(minutes=1)
    # created in the last moments of a minute, it begins with the one after the next
    assert tick in (first, first + timedelta(minutes=1))
    assert tick <= fired < tick + timedelta(minutes=1)
