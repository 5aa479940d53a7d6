"""Where credentials are looked up: MongoDB, by digest."""

from __future__ import annotations

from ccplant_api.principals.authentication import Redeemed
from ccplant_contracts.access import Role
from ccplant_store import Store


class StoredCredentials:
    """The store as the authenticator wants it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def token_owner(self, secret: str) -> tuple[str, Role] | None:
        """Return whose token this is."""
        token = await self._store.tokens.find(secret)
        return None if token is None else (token.owner, token.role)

    async def redeem_ticket(self, secret: str) -> Redeemed | None:
        """Use a ticket up; return whose it was, and for which session."""
        ticket = await self._store.tickets.redeem(secret)
        return (
            None if ticket is None else Redeemed(ticket.owner, ticket.role, ticket.session_id, ticket.proof)
        )
