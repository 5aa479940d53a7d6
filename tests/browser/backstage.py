"""What a scene needs before a person enters it, and what is true behind the screens: the REST API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from tests.support.waiting import wait_until

Json = dict[str, Any]


class Backstage:
    """One user's way past the screens."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )

    def close(self) -> None:
        """End its connections."""
        self._client.close()

    def get(self, path: str, **query: str | int) -> Json:
        """Read something."""
        return self._answer(self._client.get(path, params=query))

    def post(self, path: str, body: Json | None = None) -> Json:
        """Make or do something."""
        return self._answer(self._client.post(path, json=body or {}))

    def patch(self, path: str, body: Json) -> Json:
        """Change something."""
        return self._answer(self._client.patch(path, json=body))

    def delete(self, path: str) -> None:
        """Remove something."""
        answer = self._client.delete(path)
        assert answer.is_success, answer.text

    def session(self, **fields: Any) -> str:
        """Create a session and wait until it runs."""
        made: str = self.post("/sessions", fields)["session_id"]
        self.until(made, lambda session: session["status"] == "running")
        return made

    def failed_session(self, **fields: Any) -> str:
        """Create a session whose repository nobody has, and wait until it has failed."""
        made: str = self.post("/sessions", {"repository": "https://127.0.0.1:1/none.git", **fields})[
            "session_id"
        ]
        self.until(made, lambda session: session["status"] == "failed")
        return made

    def until(self, session_id: str, condition: Callable[[Json], bool], seconds: float = 30) -> None:
        """Wait until a session is as wanted."""
        path = f"/sessions/{session_id}"
        wait_until(lambda: condition(self.get(path)), seconds, f"{session_id} as wanted")

    def say(self, session_id: str, text: str) -> None:
        """Give the agent a prompt."""
        self.post(f"/sessions/{session_id}/messages", {"text": text})

    def spoken(self, session_id: str) -> str:
        """Return everything that the agent said, as it is stored."""
        entries: list[Json] = []
        query: dict[str, str | int] = {"limit": 200}
        while True:
            page = self.get(f"/sessions/{session_id}/messages", **query)
            entries += page["messages"]
            if not page.get("has_more"):
                break
            query["cursor"] = page["next_cursor"]
        return "".join(
            str(each["text"]) for each in entries if each["type"] == "message" and each.get("role") == "agent"
        )

    def end_all(self) -> None:
        """Erase every session and every volume, so that the next test begins with nothing."""
        everything: dict[str, str | int] = {"limit": 200, "include_deleted": "true"}
        for session in self.get("/sessions", **everything)["sessions"]:
            self._erase(f"/sessions/{session['session_id']}", force="true", purge="true", delete_pvc="true")
        wait_until(
            lambda: not self.get("/sessions", **everything)["sessions"], 30, "the end of every session"
        )
        for volume in self.get("/volumes", limit=200)["volumes"]:
            self._erase(f"/volumes/{volume['volume_id']}")
        wait_until(lambda: not self.get("/volumes", limit=1)["volumes"], 30, "the end of every volume")

    def _erase(self, path: str, **query: str) -> None:
        answer = self._client.delete(path, params=query)
        assert answer.status_code in (202, 204, 404), answer.text

    @staticmethod
    def _answer(answer: httpx.Response) -> Json:
        assert answer.is_success, (
            f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        )
        found: Json = answer.json()
        return found
