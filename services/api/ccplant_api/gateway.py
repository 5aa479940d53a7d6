"""What an endpoint may use: the store, the bus, the live hub, settings and time, put together once at start-up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import Depends
from starlette.requests import HTTPConnection

from ccplant_api.bus import GatewayBus
from ccplant_api.http.base_url import base_url
from ccplant_api.http.rate_limits import RateLimits
from ccplant_api.live.hub import Hub
from ccplant_api.principals.authentication import Authenticator, Principal, has_credential
from ccplant_api.principals.browser import Browsers
from ccplant_api.principals.staying import Staying
from ccplant_api.sessions.views import Place
from ccplant_api.settings import ApiSettings
from ccplant_contracts.watch import Hint
from ccplant_platform.clock import Clock
from ccplant_platform.sealing import Sealer
from ccplant_platform.settings import LimitSettings
from ccplant_store import Store


@dataclass(frozen=True, slots=True)
class Gateway:
    """The parts of a running gateway."""

    settings: ApiSettings
    store: Store
    bus: GatewayBus
    hub: Hub
    clock: Clock
    authenticator: Authenticator
    browsers: Browsers
    staying: Staying
    rates: RateLimits
    sealer: Sealer | None = None
    """Seals the secrets of webhooks; None: no key was given, and there can be none."""
    limits: LimitSettings = field(default_factory=LimitSettings)

    def changed(
        self,
        session_id: str,
        kind: Literal["session", "prompt", "permission"],
        document_id: str,
        version: int,
    ) -> None:
        """Tell every viewer that a document has a new version: our own at once, others over the bus."""
        self.hub.changed(session_id, (kind, document_id), version)
        self.bus.hint(session_id, Hint(kind=kind, id=document_id, version=version))

    async def leave(self) -> None:
        """Send every open stream away, before the server stops waiting for them."""
        self.bus.stopping = True
        self.bus.is_back()
        await self.hub.stop()

    async def caller(self, connection: HTTPConnection) -> Principal:
        """Return who asks, by what a header holds, else by the cookie of a browser; and count that it was asked.

        Raises:
            UnauthorizedError: nobody whom we know.
            ForbiddenError: not allowed, or another site may have made the browser ask.
            RateLimitError: this owner asks too much.
        """
        principal = None
        if not has_credential(connection.headers):
            principal = await self.browsers.principal(connection)
        if principal is None:
            principal = await self.authenticator.by_headers(connection.headers)
        self.rates.count(connection.scope, principal.user_id)
        return principal

    async def caller_or_ticket(
        self, connection: HTTPConnection, ticket: str | None, session_id: str | None
    ) -> Principal:
        """Return who opens a stream: by a ticket, or as above.

        Raises:
            UnauthorizedError: nobody whom we know, or a ticket that was used, has expired, or is for something else.
            ForbiddenError: not allowed, or another site may have made the browser ask.
            RateLimitError: this owner asks too much.
        """
        if ticket is None:
            return await self.caller(connection)
        principal = await self.authenticator.by_headers_or_ticket(connection.headers, ticket, session_id)
        self.rates.count(connection.scope, principal.user_id)
        return principal

    def place(self, connection: HTTPConnection) -> Place:
        """Return where sessions run and how this client reaches them."""
        return self.place_at(base_url(connection, self.settings))

    def place_at(self, base: str) -> Place:
        """Return the same for a base URL that is known."""
        return Place.at(base, self.settings)


def gateway_of(connection: HTTPConnection) -> Gateway:
    """Return the gateway that a request belongs to."""
    gateway: Gateway = connection.app.state.gateway
    return gateway


GatewayDep = Annotated[Gateway, Depends(gateway_of)]


async def _caller(connection: HTTPConnection, gateway: GatewayDep) -> Principal:
    return await gateway.caller(connection)


CallerDep = Annotated[Principal, Depends(_caller)]
"""Who is asking; an endpoint without it is open to everybody."""


def _place(connection: HTTPConnection, gateway: GatewayDep) -> Place:
    return gateway.place(connection)


PlaceDep = Annotated[Place, Depends(_place)]
