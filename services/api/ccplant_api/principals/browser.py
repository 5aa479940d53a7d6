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
_PORTS = {"http": 80, "https": 443}


def cookie_name(connection: HTTPConnection, *, secure: bool) -> str:
    """Return the cookie's name: browsers send the cookies of one port of a host to all of its ports.

    One that begins with ``__Host-`` was set over TLS, by this very host: nobody in between can have planted it.
    """
    _, _, port = connection.headers.get("host", "").rpartition(":")
    name = f"ccplant-{port}" if port.isdigit() else "ccplant"
    return f"__Host-{name}" if secure else name


def is_own(origin: str, own: str) -> bool:
    """Tell whether an origin is that of our own page, which is reached at `own`: the same host, port and scheme; pure.

    A page that came over TLS is our own too where a proxy that we were told nothing of ended it. The other way round it is
    not: what comes without TLS, anybody in between can have written.
    """
    try:
        theirs, ours = urlsplit(origin), urlsplit(own)
        if theirs.scheme not in _PORTS or theirs.hostname is None or theirs.hostname != ours.hostname:
            return False
        if theirs.scheme == ours.scheme:
            return (theirs.port or _PORTS[theirs.scheme]) == (ours.port or _PORTS[ours.scheme])
        return theirs.scheme == "https" and theirs.port == ours.port
    except ValueError:  # a port that is none
        return False


def lifetime(principal: Principal) -> timedelta:
    """Return how long a browser stays signed in."""
    return GITHUB_LIFETIME if principal.via == "github" else LIFETIME


class Browsers:
    """Who is signed in by a cookie."""

    def __init__(self, store: BrowserStore, settings: ApiSettings, *, bootstrap_token: str | None) -> None:
        self._store = store
        self._settings = settings
        self._bootstrap = None if bootstrap_token is None else digest(bootstrap_token)

    def cookie_of(self, connection: HTTPConnection) -> str | None:
        """Return what the cookie holds, where there is one."""
        names = [cookie_name(connection, secure=True)]
        if not base_url(connection, self._settings).startswith("https:"):
            names.append(cookie_name(connection, secure=False))
        secret = next((found for name in names if (found := connection.cookies.get(name))), None)
        return secret if secret and len(secret) <= _MAX_SECRET else None

    async def known(self, connection: HTTPConnection) -> BrowserDoc | None:
        """Return what a request's cookie stands for."""
        secret = self.cookie_of(connection)
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
        if self.cookie_of(connection) is None:
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
        if not is_own(connection.headers.get("origin", ""), base_url(connection, self._settings)):
            raise ForbiddenError("A WebSocket by cookie can be opened by our own page alone.")

    def give(self, response: Response, connection: HTTPConnection, secret: str, expires_at: datetime) -> None:
        """Have the browser keep the cookie."""
        secure = self._secure(connection)
        response.set_cookie(
            cookie_name(connection, secure=secure),
            secret,
            expires=expires_at,
            path="/",
            secure=secure,
            httponly=True,
            samesite="strict",
        )

    def take_back(self, response: Response, connection: HTTPConnection) -> None:
        """Have the browser forget the cookie."""
        secure = self._secure(connection)
        response.delete_cookie(
            cookie_name(connection, secure=secure),
            path="/",
            secure=secure,
            httponly=True,
            samesite="strict",
        )

    def _secure(self, connection: HTTPConnection) -> bool:
        """Tell whether the browser came over TLS: by what we were told, else by what the browser says of its own page."""
        own, origin = base_url(connection, self._settings), connection.headers.get("origin", "")
        return own.startswith("https:") or (origin.startswith("https:") and is_own(origin, own))
