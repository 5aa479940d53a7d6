"""From a credential to a `Principal`; every query afterwards is by owner (U3).

Tokens are stored as digests, so a copy of the database signs nobody in. A ticket works once, within seconds, because
it travels in a URL and URLs end up in logs. What is none of ours may be GitHub's, where sign-in by GitHub token is on.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from starlette.datastructures import Headers

from ccplant_contracts.access import Role
from ccplant_contracts.errors import ForbiddenError, UnauthorizedError
from ccplant_store.access import Proof, digest

TOKEN_PREFIX = "ccp_"  # noqa: S105 - the prefix that tells people and scanners what it is
_MAX_CREDENTIAL = 1_000


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking, and how we know."""

    user_id: str
    role: Role
    via: Literal["bootstrap", "token", "ticket", "github", "cookie"]
    only_session: str | None = None
    """A ticket may be good for one session alone."""
    proof: Proof | None = None
    """What has to stay good for as long as a connection lasts."""

    def require_admin(self) -> None:
        """Refuse whoever is no admin.

        Raises:
            ForbiddenError: this is no admin.
        """
        if self.role != "admin":
            raise ForbiddenError("Only an admin may do this.")


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Whose a ticket was."""

    owner: str
    role: Role
    only_session: str | None
    proof: Proof | None
    """What it was asked for with."""


class Credentials(Protocol):
    """Where credentials are looked up."""

    async def token_owner(self, secret: str) -> tuple[str, Role] | None:
        """Return whose token this is."""

    async def redeem_ticket(self, secret: str) -> Redeemed | None:
        """Use a ticket up; return whose it was, and for which session."""


class GitHubUser(Protocol):
    """Whom GitHub knows by a token."""

    @property
    def user_id(self) -> str: ...

    @property
    def role(self) -> Role: ...


class ForeignTokens(Protocol):
    """Where a token that is none of ours is looked up: GitHub."""

    async def who(self, token: str) -> GitHubUser:
        """Return whose token this is.

        Raises:
            ApiError: nobody's, of somebody who is not let in, or it cannot be said now.
        """


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode("utf-8", "replace")).digest()


class Authenticator:
    """Knows credentials when it sees them."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        bootstrap_token: str | None,
        bootstrap_user: str,
        github: ForeignTokens | None = None,
    ) -> None:
        self._credentials = credentials
        self._github = github
        self._bootstrap = _digest(bootstrap_token) if bootstrap_token else None
        self._bootstrap_user = bootstrap_user

    async def by_headers(self, headers: Headers) -> Principal:
        """Return who sent `Authorization: Bearer` or `X-API-Key`.

        Raises:
            UnauthorizedError: nobody whom we know.
            ForbiddenError: somebody whom GitHub knows, and who is not let in.
            UnavailableError: GitHub cannot say now who it is.
        """
        credential, bearer = _credential(headers)
        if credential is None:
            raise UnauthorizedError("Sign in with `Authorization: Bearer TOKEN` or `X-API-Key: TOKEN`.")
        return await self.by_token(credential, bearer=bearer)

    async def by_token(self, credential: str, *, bearer: bool = True) -> Principal:
        """Return whose token this is; `bearer` ones may be GitHub's.

        Raises:
            UnauthorizedError: nobody's whom we know.
            ForbiddenError: somebody's whom GitHub knows, and who is not let in.
            UnavailableError: GitHub cannot say now whose it is.
        """
        if not credential or len(credential) > _MAX_CREDENTIAL:
            raise UnauthorizedError("The token is not valid.")
        if self._bootstrap is not None and hmac.compare_digest(_digest(credential), self._bootstrap):
            return Principal(
                self._bootstrap_user, "admin", "bootstrap", proof=Proof("bootstrap", digest(credential))
            )
        owner = await self._credentials.token_owner(credential)
        if owner is not None:
            return Principal(owner[0], owner[1], "token", proof=Proof("token", digest(credential)))
        # one of our own that is not known any more is nobody else's business
        if self._github is None or not bearer or credential.startswith(TOKEN_PREFIX):
            raise UnauthorizedError("The token is not valid: it is unknown, expired or revoked.")
        user = await self._github.who(credential)
        return Principal(user.user_id, user.role, "github", proof=Proof("github", digest(credential)))

    async def by_headers_or_ticket(
        self, headers: Headers, ticket: str | None, session_id: str | None
    ) -> Principal:
        """Return who opens a WebSocket or an SSE stream.

        Raises:
            UnauthorizedError: nobody whom we know, or a ticket that was used, has expired, or is for something else.
            ForbiddenError: somebody whom GitHub knows, and who is not let in.
            UnavailableError: GitHub cannot say now who it is.
        """
        if ticket is None:
            return await self.by_headers(headers)
        known = await self._credentials.redeem_ticket(ticket[:_MAX_CREDENTIAL])
        if known is None or known.only_session not in (None, session_id):
            raise UnauthorizedError(
                "The ticket is not valid: it works once, within seconds, for what it was made for."
            )
        return Principal(known.owner, known.role, "ticket", known.only_session, known.proof)


def has_credential(headers: Headers) -> bool:
    """Tell whether a request says by a header who sends it."""
    return "authorization" in headers or "x-api-key" in headers


def _credential(headers: Headers) -> tuple[str | None, bool]:
    """Return what was sent, None where nothing was, and whether it came as a Bearer."""
    authorization = headers.get("authorization")
    if authorization:
        scheme, _, token = authorization.partition(" ")
        return (token.strip() if scheme.lower() == "bearer" else ""), True
    return headers.get("x-api-key"), False


def read_bootstrap_token(path: Path | None) -> str | None:
    """Read the first token from its private file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is too short to be a secret.
    """
    if path is None:
        return None
    token = path.read_text(encoding="utf-8").strip()
    if len(token) < 16:
        raise ValueError(f"{path} holds no token of at least 16 characters")
    return token
