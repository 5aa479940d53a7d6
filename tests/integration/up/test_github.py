"""The whole system with a GitHub token: signed in by it, a private repository cloned by it, and it is left nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.git_server import git_server
from tests.support.github import github_stand_in
from tests.support.system import System
from tests.support.waiting import eventually

TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    found = System(tmp_path / "data")
    yield found
    found.crash_if_running()


def holders(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


@pytest.mark.timeout(300)
async def test_a_session_on_a_private_repository_needs_nothing_but_the_owners_token(
    system: System, tmp_path: Path
) -> None:
    with git_server(tmp_path / "served", TOKEN) as code_host:
        url = code_host.repository("octo/private", {"README": "private words"})
        async with github_stand_in() as github:
            github.know(TOKEN, "Octo", 583231)
            system.environment = {
                "CCPLANT_GITHUB_ALLOWED_USERS": "octo",
                "CCPLANT_GITHUB_API_URL": github.url,
                "CCPLANT_GITHUB_URL": code_host.url,
                "NO_PROXY": "127.0.0.1",
            }
            await asyncio.to_thread(system.start)
            async with httpx.AsyncClient(
                base_url=f"{system.url}/api/v1", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
            ) as client:
                answer = await client.post("/sessions", json={"repository": url})
                assert answer.status_code == 201, answer.text
                created = answer.json()
                assert created["user"] == "octo"
                refused = await client.post("/sessions", json={"repository": f"{code_host.url}/octo/nowhere"})

                async def shown(session_id: str) -> dict[str, str]:
                    found: dict[str, str] = (await client.get(f"/sessions/{session_id}")).json()
                    return found

                async def over(session_id: str) -> bool:
                    return (await shown(session_id))["status"] != "pending"

                await eventually(lambda: over(created["session_id"]), 60)
                session = await shown(created["session_id"])
                assert session["status"] == "running", session
                (readme,) = (system.data_dir / "sessions").rglob("README")
                assert readme.read_text() == "private words"
                assert [path.name for path in holders(system.data_dir)] == ["git-credential"]

                await eventually(lambda: over(refused.json()["session_id"]), 60)
                path = f"/sessions/{refused.json()['session_id']}/diagnosis"
                diagnosis = (await client.get(path)).json()
                assert diagnosis["code"] == "clone_failed"
                assert "Contents: read" in diagnosis["hint"]["en"]
                assert "Contents: read" in diagnosis["hint"]["ja"]
            await asyncio.to_thread(system.stop)
    assert holders(system.data_dir) == [], "the token is left in the data directory"
