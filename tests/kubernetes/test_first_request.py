"""The request that every user's page begins with, as written, by somebody who has a GitHub token and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.kubernetes.conftest import StartSystem
from tests.kubernetes.ground import Ground
from tests.support.github import github_stand_in
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.node,
    pytest.mark.timeout(240),
    pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl"),
]

TOKEN = "ghp_" + "c3D4" * 9
_PAGE = Path(__file__).parents[2] / "docs" / "specification.md"
_ELSEWHERE = "https://cc-api.example.com"


def _page() -> tuple[str, dict[str, Any]]:
    """Return the page's command and its example of an answer."""
    section = _PAGE.read_text(encoding="utf-8").partition("### The request, as clients send it")[2]
    command, answer = re.findall(r"```(?:bash|json)\n(.*?)```", section, re.DOTALL)[:2]
    return command, json.loads(answer)


def _shell(command: str, url: str) -> Any:
    assert _ELSEWHERE in command
    done = subprocess.run(
        ["bash", "-ec", command.replace(_ELSEWHERE, url)],
        env={**os.environ, "GITHUB_TOKEN": TOKEN, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return json.loads(done.stdout) if done.stdout else None


async def _answered(url: str, text: str) -> str:
    """Say something over the connection that the page names, and return what the agent answers."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    said = ""
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        await socket.send(json.dumps({"type": "prompt", "text": text}))
        async for message in socket:
            frame = json.loads(message)
            if frame["type"] == "message_chunk" and frame["data"]["role"] == "agent":
                said += frame["data"]["text"]
            elif frame["type"] == "turn" and frame["data"]["state"] != "started":
                assert frame["data"]["state"] == "done", frame
                return said
    raise AssertionError("the connection was closed before the agent had answered")


async def test_the_request_of_the_users_page_gives_a_pod_in_which_the_agent_answers(
    start_system: StartSystem, own_ground: Ground
) -> None:
    command, example = _page()
    folder = own_ground.node.add_only_volume(own_ground.api, own_ground.storage_class, size="10Gi")
    async with github_stand_in() as github:
        github.know(TOKEN, "User123", 583231)
        system = await asyncio.to_thread(
            start_system,
            CCPLANT_GITHUB_ALLOWED_USERS="user123",
            CCPLANT_GITHUB_API_URL=github.url,
            NO_PROXY="127.0.0.1",
        )

        created = await asyncio.to_thread(_shell, command, system.url)

        assert created.keys() >= example.keys()
        told = {key: created[key] for key in ("name", "user", "status")}
        assert told == {key: example[key] for key in ("name", "user", "status")}
        session_id = created["session_id"]
        assert created["pod_name"] == session_id
        assert created["namespace"] == own_ground.namespace
        assert created["connection_url"] == f"{system.url.replace('http', 'ws', 1)}/ws/sessions/{session_id}"
        async with asyncio.timeout(90):
            assert "from a Pod" in await _answered(created["connection_url"], "echo hello from a Pod")
        pod = await own_ground.running(session_id)
        (container,) = pod["spec"]["containers"]
        assert container["resources"]["limits"] == {"cpu": "2", "memory": "4Gi"}
        assert any(folder.iterdir()), "it works on its volume"
        shown = (
            f'curl -sS {_ELSEWHERE}/api/v1/sessions/{session_id} -H "Authorization: Bearer ${{GITHUB_TOKEN}}"'
        )
        assert (await asyncio.to_thread(_shell, shown, system.url))["status"] == "running"

        await asyncio.to_thread(_shell, shown.replace("curl -sS", "curl -sS -X DELETE"), system.url)
        await own_ground.gone(pod, 60)
        await eventually(lambda: not own_ground.traces(session_id), 60)
        assert github.asked == ["/user"], "one question, however many requests"
