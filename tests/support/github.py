"""A stand-in for GitHub's API that answers as GitHub does, with its headers and its words."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

PLENTY = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4999", "X-RateLimit-Used": "1"}


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


BAD_CREDENTIALS = Reply(401, {"message": "Bad credentials", "status": "401"}, {"X-RateLimit-Remaining": "59"})
SUSPENDED_BY_LIMIT = Reply(
    403,
    {
        "message": "API rate limit exceeded for user ID 583231.",
        "documentation_url": "https://docs.github.com/rest",
    },
    {"X-RateLimit-Remaining": "0"},
)
SECONDARY_LIMIT = Reply(
    403,
    {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."},
    {"Retry-After": "17"},
)
LOGIN_ATTEMPTS = Reply(403, {"message": "Maximum number of login attempts exceeded. Please try again later."})
TOO_MANY = Reply(429, {"message": "too many requests"}, {"Retry-After": "9"})
FAILURE = Reply(502, "<html><title>Unicorn!</title></html>")
MAINTENANCE = Reply(503, {"message": "Service unavailable"}, {"Retry-After": "30"})
NO_INTEGRATION = Reply(403, {"message": "Resource not accessible by integration"}, PLENTY)
SSO = Reply(
    403,
    {"message": "Resource protected by organization SAML enforcement."},
    {"X-GitHub-SSO": "required; url=https://github.com/orgs/acme/sso?authorization_request=AZS", **PLENTY},
)
NO_SCOPE = Reply(
    403,
    {"message": "You need at least read:org scope or user scope to list your organizations."},
    {"X-OAuth-Scopes": "repo", "X-Accepted-OAuth-Scopes": "read:org, user", **PLENTY},
)
NOT_FOUND = Reply(404, {"message": "Not Found"}, PLENTY)
MALFORMED = Reply(200, '{"login": "octo', PLENTY)


def limited_until(seconds: float, now: datetime | None = None) -> Reply:
    """Return a primary limit that ends after so many seconds."""
    reset = (now or datetime.now(UTC)) + timedelta(seconds=seconds)
    headers = {**SUSPENDED_BY_LIMIT.headers, "X-RateLimit-Reset": str(int(reset.timestamp()))}
    return Reply(403, SUSPENDED_BY_LIMIT.body, headers)


def account(login: str, number: int, email: str | None = None) -> Reply:
    """Return what ``GET /user`` says of an account."""
    return Reply(
        200, {"login": login, "id": number, "type": "User", "email": email, "site_admin": False}, PLENTY
    )


@dataclass
class GitHubStandIn:
    """What GitHub knows; tests change it as they go."""

    url: str = ""
    users: dict[str, Reply] = field(default_factory=dict)
    """Token to the answer about its user."""
    organizations: dict[str, Reply] = field(default_factory=dict)
    """Token to the answer to ``GET /user/orgs``; none without one."""
    memberships: dict[tuple[str, str], Reply] = field(default_factory=dict)
    """Token and organisation to the answer about the membership; 404 without one."""
    everything: Reply | None = None
    """Answers all questions where it is set."""
    asked: list[str] = field(default_factory=list)

    def know(self, token: str, login: str, number: int, email: str | None = None) -> None:
        """Let a token be an account's."""
        self.users[token] = account(login, number, email)

    def in_organizations(self, token: str, *logins: str) -> None:
        """Let GitHub show these memberships to a token."""
        listed = [{"login": login, "id": number} for number, login in enumerate(logins, 1)]
        self.organizations[token] = Reply(200, listed, PLENTY)

    def member(self, token: str, organization: str, state: str = "active") -> None:
        """Let GitHub tell a token of one membership where it is asked for by name."""
        body = {"state": state, "role": "member", "organization": {"login": organization}}
        self.memberships[token, organization.lower()] = Reply(200, body, PLENTY)

    def reply(self, path: str, token: str) -> Reply:
        """Return the answer to a question."""
        path = path.partition("?")[0]
        self.asked.append(path)
        if self.everything is not None:
            return self.everything
        user = self.users.get(token, BAD_CREDENTIALS)
        if path == "/user" or user.status != 200:
            return user
        if path == "/user/orgs":
            return self.organizations.get(token, Reply(200, [], PLENTY))
        if path.startswith("/user/memberships/orgs/"):
            return self.memberships.get((token, path.rsplit("/", 1)[-1]), NOT_FOUND)
        return NOT_FOUND


@asynccontextmanager
async def github_stand_in() -> AsyncIterator[GitHubStandIn]:
    """Serve one on the loopback interface."""
    github = GitHubStandIn()
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(answer(reader, writer))
        serving.add(task)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
            serving.discard(task)
            writer.close()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ", 2)
            assert method == "GET"
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])
            }
            assert headers["user-agent"], "GitHub refuses requests without one"
            reply = github.reply(path, headers.get("authorization", "").removeprefix("Bearer "))
            await asyncio.sleep(reply.delay)
            text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
            sent = {
                "Content-Type": "application/json",
                "Content-Length": str(len(text.encode())),
                "Connection": "close",
            }
            lines = [f"{name}: {value}" for name, value in {**sent, **reply.headers}.items()]
            writer.write("\r\n".join([f"HTTP/1.1 {reply.status} X", *lines, "", text]).encode())
            await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    github.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield github
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
