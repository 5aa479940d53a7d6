"""Credentials as clients see them: API tokens, and one-time tickets for WebSocket and SSE (U3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from ccplant_contracts.base import Input, Message, UtcTime
from ccplant_contracts.text import Name

Role = Literal["user", "admin"]
UserName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,99}$")]


class Quota(Message):
    """What one owner may have; None: no limit."""

    max_sessions: int | None
    current_sessions: int
    """Pending and running ones."""
    max_cpu_per_session: str | None
    max_memory_per_session: str | None


class Me(Message):
    """Whom a credential belongs to."""

    user_id: str
    """What everything of this user belongs to, and `user` in sessions."""
    github_username: str | None
    """As it was at the last sign-in by a GitHub token; None: a local user."""
    email: str | None
    role: Role
    permissions: tuple[str, ...]
    quota: Quota
    agents: tuple[str, ...]
    """What a session's `config.agent` may name here."""
    default_agent: str
    """The one of a session that names none."""


class CreateApiKey(Input):
    """Body of ``POST /api/v1/api-keys``; `user` and `role` are for admins."""

    name: Name
    user: UserName | None = None
    role: Role = "user"


class ApiKey(Message):
    """A token, without what makes it work."""

    key_id: str
    name: str
    user: str
    role: Role
    created_at: UtcTime


class CreatedApiKey(ApiKey):
    """A new token; `token` is shown this once."""

    token: str


class CreateTicket(Input):
    """Body of ``POST /api/v1/ws-tickets``; with a session, the ticket opens that one alone."""

    session_id: Annotated[str, StringConstraints(max_length=63)] | None = None


class Ticket(Message):
    """Good for one connection, soon."""

    ticket: str
    expires_at: UtcTime


class SignIn(Input):
    """Body of ``POST /api/v1/sign-in``: an API token, or a GitHub token where sign-in by these is on."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]


class SignedIn(Message):
    """Whom a browser is signed in as; the cookie that says so is no script's to read."""

    user_id: str
    github_username: str | None
    role: Role
    csrf_token: str
    """What every change by the cookie has to carry as ``X-CSRF-Token``."""
    expires_at: UtcTime
