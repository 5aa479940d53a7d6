"""A browser that is signed in: by a cookie that no script can read, and a second word that no other site can send.

The cookie is sent by the browser itself, whoever made it ask. So a change that comes by it must carry the CSRF token as
well, which only our own page was told, and a WebSocket must come from our own page. The cookie holds nothing but a random
text; what it stands for ends with the token that signed it in.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from ccplant_api.http.base_url import base_url
from ccplant_api.principals.authentication import Principal
from ccplant_api.settings import ApiSettings
from ccplant_contracts.errors import ForbiddenError, UnauthorizedError
from ccplant_store.access import BrowserDoc, BrowserStore, Proof, digest

LIFETIME = timedelta(days=7)
GITHUB_LIFETIME = timedelta(hours=12)
"""Shorter: nobody tells us when GitHub's token is revoked."""
CSRF_HEADER = "x-csrf-token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_SECRET = 100


def cookie_name(connection: HTTPConnection) -> str:
    """Return the cookie's name: browsers send the cookies of one port of a host to all of its ports."""
    _, _, port = connection.headers.get("host", "").rpartition(":")
    return f"ccplant-{port}" if port.isdigit() else "ccplant"


def cookie_of(connection: HTTPConnection) -> str | None:
    """Return what the cookie holds, where there is one."""
    secret = connection.cookies.get(cookie_name(connection))
    return secret if secret and len(secret) <= _MAX_SECRET else None


def lifetime(principal: Principal) -> timedelta:
    """Return how long a browser stays signed in."""
    return GITHUB_LIFETIME if principal.via == "github" else LIFETIME


class Browsers:
    """Who is signed in by a cookie."""

    def __init__(self, store: BrowserStore, settings: ApiSettings, *, bootstrap_token: str | None) -> None:
        self._store = store
        self._settings = settings
        self._bootstrap = None if bootstrap_token is None else digest(bootstrap_token)

    async def known(self, connection: HTTPConnection) -> BrowserDoc | None:
        """Return what a request's cookie stands for."""
        secret = cookie_of(connection)
        found = None if secret is None else await self._store.find(secret)
        if found is None or (found.via == "bootstrap" and found.credential != self._bootstrap):
            return None
        return found

    async def principal(self, connection: HTTPConnection) -> Principal | None:
        """Return who asks by cookie; None: nobody does.

        Raises:
            UnauthorizedError: the cookie is good for nothing any more.
            ForbiddenError: another site may have made the browser ask.
        """
        if cookie_of(connection) is None:
            return None
        found = await self.known(connection)
        if found is None:
            raise UnauthorizedError("You are signed out. Sign in again.")
        if connection.scope["type"] == "websocket":
            self._check_origin(connection)
        elif connection.scope["method"] not in _SAFE and not hmac.compare_digest(
            connection.headers.get(CSRF_HEADER, "").encode(), found.csrf.encode()
        ):
            raise ForbiddenError("A change by cookie needs the header X-CSRF-Token, as sign-in answered it.")
        return Principal(found.owner, found.role, "cookie", proof=Proof("cookie", found.id))

    def _check_origin(self, connection: HTTPConnection) -> None:
        origin = connection.headers.get("origin", "")
        if urlsplit(origin).netloc != urlsplit(base_url(connection, self._settings)).netloc:
            raise ForbiddenError("A WebSocket by cookie can be opened by our own page alone.")

    def give(self, response: Response, connection: HTTPConnection, secret: str, expires_at: datetime) -> None:
        """Have the browser keep the cookie."""
        response.set_cookie(
            cookie_name(connection),
            secret,
            expires=expires_at,
            path="/",
            secure=self._secure(connection),
            httponly=True,
            samesite="strict",
        )

    def take_back(self, response: Response, connection: HTTPConnection) -> None:
        """Have the browser forget the cookie."""
        response.delete_cookie(
            cookie_name(connection),
            path="/",
            secure=self._secure(connection),
            httponly=True,
            samesite="strict",
        )

    def _secure(self, connection: HTTPConnection) -> bool:
        return base_url(connection, self._settings).startswith("https:")
