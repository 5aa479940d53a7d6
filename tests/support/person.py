"""Somebody who uses the REST API and asks again until there is an answer, under the same idempotency key.

That is what a client has to do, and what the promises are about: an answer that was given counts, and a request whose
answer was lost counts once. The ledger is what this person was promised; the auditor compares it with what is so.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

_PATIENCE_SECONDS = 60.0
_AGAIN_SECONDS = 0.1
_TRY_LATER = (429, 503)

Json = dict[str, Any]


@dataclass
class Ledger:
    """What was promised."""

    sessions: dict[str, str] = field(default_factory=dict)
    """Idempotency key of a creation → the session that it made."""
    prompts: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Prompt → its session and text, as accepted."""
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    """(session, idempotency key) → the prompt that it made."""
    purged: set[str] = field(default_factory=set)
    retries: int = 0


@dataclass
class Person:
    """One user with one HTTP client."""

    client: httpx.AsyncClient
    ledger: Ledger = field(default_factory=Ledger)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        key: str | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send a request until it is answered by more than «try later».

        Raises:
            AssertionError: a crash of the server (5xx but 503), or no answer for a minute.
        """
        headers = {"Idempotency-Key": key} if key is not None else {}
        ends = time.monotonic() + _PATIENCE_SECONDS
        last: object = None
        while time.monotonic() < ends:
            try:
                answer = await self.client.request(
                    method, f"/api/v1{path}", json=body, headers=headers, content=content
                )
            except httpx.TransportError as error:
                last = repr(error)
            else:
                if answer.status_code not in _TRY_LATER:
                    assert answer.status_code < 500, f"{method} {path}: {answer.text[:500]}"
                    return answer
                last = answer.text[:300]
            self.ledger.retries += 1
            await asyncio.sleep(_AGAIN_SECONDS)
        raise AssertionError(f"{method} {path} was not answered within {_PATIENCE_SECONDS:g} s: {last}")

    async def create(self, message: str | None = None, **fields: Any) -> str:
        """Create a session, once."""
        key = secrets.token_hex(8)
        body: Json = {"labels": {"made-by": key}, **fields}
        if message is not None:
            body["message"] = message
        answer = await self.ask("POST", "/sessions", body=body, key=key)
        assert answer.status_code == 201, answer.text
        return self.created(key, answer.json(), message)

    def created(self, key: str, made: Mapping[str, Any], message: str | None) -> str:
        """Enter an answered creation."""
        session_id = str(made["session_id"])
        self.ledger.sessions[key] = session_id
        if message is not None:
            self.ledger.prompts[str(made["prompt_id"])] = (session_id, message)
        return session_id

    async def attach(self, session_id: str, content: bytes, name: str = "a.bin") -> str | None:
        """Upload a file; None where the session takes none any more."""
        answer = await self.ask("POST", f"/sessions/{session_id}/attachments?name={name}", content=content)
        if answer.status_code == 409 or self._erased(session_id, answer):
            return None
        assert answer.status_code == 201, answer.text
        return str(answer.json()["attachment_id"])

    async def say(self, session_id: str, text: str, *attachments: str) -> str | None:
        """Send a prompt, once; None where the session takes none any more."""
        key = secrets.token_hex(8)
        body: Json = {"text": text, **({"attachments": attachments} if attachments else {})}
        answer = await self.ask("POST", f"/sessions/{session_id}/messages", body=body, key=key)
        if answer.status_code == 409 or self._erased(session_id, answer):
            return None
        assert answer.status_code == 202, answer.text
        return self.promised(session_id, key, answer.json())

    def promised(self, session_id: str, key: str, prompt: Mapping[str, Any]) -> str:
        """Enter an accepted prompt."""
        prompt_id = str(prompt["prompt_id"])
        before = self.ledger.keys.setdefault((session_id, key), prompt_id)
        assert before == prompt_id, "one key made two prompts"
        self.ledger.prompts[prompt_id] = (session_id, str(prompt["text"]))
        return prompt_id

    async def look(self, session_id: str) -> Json:
        """Return the session as the API shows it."""
        answer = await self.ask("GET", f"/sessions/{session_id}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def stop(self, session_id: str) -> None:
        """Stop a session; one that has ended stays as it is."""
        answer = await self.ask("POST", f"/sessions/{session_id}/stop")
        assert answer.status_code in (202, 409) or self._erased(session_id, answer), answer.text

    async def delete(self, session_id: str, query: str = "") -> None:
        """Delete a session."""
        if "purge=true" in query:
            self.ledger.purged.add(session_id)
        answer = await self.ask("DELETE", f"/sessions/{session_id}{query}")
        assert answer.status_code == 202 or self._erased(session_id, answer), answer.text

    def _erased(self, session_id: str, answer: httpx.Response) -> bool:
        """Whether a session is not there because this person wanted it so."""
        return answer.status_code == 404 and session_id in self.ledger.purged
