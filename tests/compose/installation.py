"""One installation by `docker-compose.yml`, under a name of its own, and how a test breaks and watches it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.support.programs import NotAvailableError, free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
_UP_SECONDS = 240
_HEAL_SECONDS = 120


def require_engine() -> None:
    """Check that containers can be run here.

    Raises:
        NotAvailableError: says what is missing.
    """
    if shutil.which("docker") is None:
        raise NotAvailableError("docker is not installed here")
    for command, what in (
        (["docker", "info"], "no Docker engine answers here"),
        (["docker", "compose", "version"], "docker has no compose plugin here"),
    ):
        if subprocess.run(command, capture_output=True, check=False, timeout=30).returncode != 0:
            raise NotAvailableError(what)
    images = _run(["docker", "compose", "config", "--images"], {}).split()
    for image in images:
        found = subprocess.run(
            ["docker", "image", "inspect", image], capture_output=True, check=False, timeout=30
        )
        if found.returncode != 0:
            raise NotAvailableError(
                f"there is no image {image} here (`make test-compose` builds and pulls them)"
            )


def _run(command: list[str], more: dict[str, str], seconds: float = 60) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Installation:
    """What `docker compose up` makes."""

    def __init__(self, *, up: bool = True) -> None:
        port, webhook_port = free_port(), free_port()
        self.project = f"ccplant-test-{os.getpid()}"
        self.url = f"http://127.0.0.1:{port}"
        self.webhook_url = f"http://127.0.0.1:{webhook_port}"
        self._environment = {
            "COMPOSE_PROJECT_NAME": self.project,
            "CCPLANT_LISTEN": f"127.0.0.1:{port}",
            "CCPLANT_WEBHOOK_LISTEN": f"127.0.0.1:{webhook_port}",
        }
        self.token = ""
        if up:
            self.up()

    def compose(self, *arguments: str, seconds: float = 60) -> str:
        """Run `docker compose` on this installation."""
        return _run(["docker", "compose", *arguments], self._environment, seconds)

    def up(self) -> None:
        """Start it, or start what is missing of it, and wait until all is well."""
        self.compose("up", "--detach", "--wait", "--no-build", "--pull", "never", seconds=_UP_SECONDS)
        self.token = self.compose("exec", "-T", "api", "cat", "/install/api/bootstrap.token").strip()

    def down(self, *, volumes: bool = True) -> None:
        """Remove it."""
        more = ["--volumes"] if volumes else []
        self.compose("down", "--timeout", "5", *more, seconds=_UP_SECONDS)

    # --- its containers ---

    def state(self, service: str) -> dict[str, Any]:
        """Return what the engine says of a service's container."""
        container = self.compose("ps", "--all", "--quiet", service).strip()
        answer = _run(["docker", "inspect", container], {})
        found: dict[str, Any] = json.loads(answer)[0]
        return found

    def kill(self, service: str) -> None:
        """Kill everything in a container from inside, as a crash would, and wait until it was started again."""
        before = self.state(service)["State"]["StartedAt"]
        subprocess.run(
            ["docker", "compose", "exec", "-T", service, "sh", "-c", "kill -9 -1"],
            cwd=ROOT,
            env={**os.environ, **self._environment},
            capture_output=True,
            check=False,
            timeout=60,
        )

        def well_again() -> bool:
            state = self.state(service)["State"]
            healthy: bool = state.get("Health", {}).get("Status") == "healthy"
            again: bool = state["StartedAt"] != before
            return healthy and again

        wait_until(well_again, _HEAL_SECONDS, f"{service} to be healthy again")

    # --- its API ---

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Ask the API."""
        answer = httpx.request(
            method,
            f"{self.url}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=20,
            trust_env=False,
        )
        answer.raise_for_status()
        return answer.json()

    def ask(self, text: str) -> tuple[str, list[str]]:
        """Begin a session with a first prompt; return its id and what the agent answered."""
        body = {"name": "demo-session", "message": text, "config": {"cpu_limit": "2", "memory_limit": "4Gi"}}
        made = self.request("POST", "/api/v1/sessions", body)
        session, prompt = made["session_id"], made["prompt_id"]

        def answered() -> bool:
            turns = [one for one in self.messages(session) if one["type"] == "turn"]
            return any(one["prompt_id"] == prompt and one["state"] == "done" for one in turns)

        wait_until(answered, 60, f"{session} to answer")
        return session, self.said(session)

    def messages(self, session: str) -> list[dict[str, Any]]:
        """Read a session's conversation."""
        found: list[dict[str, Any]] = self.request("GET", f"/api/v1/sessions/{session}/messages")["messages"]
        return found

    def said(self, session: str) -> list[str]:
        """Return what the agent said."""
        return [one["text"] for one in self.messages(session) if one.get("role") == "agent"]
