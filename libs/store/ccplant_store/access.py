"""Credentials of people and programs: tokens that last, tickets that are good once.

Only digests are kept: who reads the database cannot sign in with what is found there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection as Many
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ccplant_contracts.base import UtcTime
from ccplant_platform.clock import Clock
from ccplant_store.documents import Document
from ccplant_store.driver import DESC, Collection, Database

Role = Literal["user", "admin"]
TICKET_SECONDS = 30


def digest(secret: str) -> str:
    """Return what is kept of a secret with enough randomness of its own."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody was let in by: a kind of credential and its digest, so that its end can be noticed later."""

    kind: Literal["bootstrap", "token", "github", "cookie"]
    digest: str


class TokenDoc(Document):
    """A long-lived token; its id is its digest."""

    key_id: str
    """What people call it by; not secret."""
    owner: str
    role: Role = "user"
    name: str = ""
    created_at: UtcTime
    revoked: bool = False
    revoked_at: UtcTime | None = None


class TicketDoc(Document):
    """A one-time ticket for a WebSocket or an event stream; its id is its digest."""

    owner: str
    role: Role = "user"
    session_id: str | None = None
    created_at: UtcTime
    via: Literal["bootstrap", "token", "github", "cookie"] | None = None
    credential: str | None = None
    """Digest of what it was asked for with: whom it lets in stays no longer than that is good."""

    @property
    def proof(self) -> Proof | None:
        """What it was asked for with; None: it is of an earlier version."""
        return None if self.via is None or self.credential is None else Proof(self.via, self.credential)


class BrowserDoc(Document):
    """A browser that is signed in; its id is the digest of what its cookie holds."""

    owner: str
    role: Role = "user"
    via: Literal["bootstrap", "token", "github"]
    credential: str
    """Digest of the token that signed it in: that one's end is this one's."""
    csrf: str
    created_at: UtcTime
    expires_at: UtcTime


class BrowserStore:
    """Browsers that are signed in."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._browsers: Collection = database.collection("browsers")
        self._tokens: Collection = database.collection("tokens")
        self._clock = clock

    async def create(self, browser: BrowserDoc) -> None:
        """Keep one that has just signed in."""
        await self._browsers.insert_one(browser.encode())

    async def find(self, secret: str) -> BrowserDoc | None:
        """Return who is signed in by a cookie; None: nobody any more, or the token that it came from was revoked."""
        found = BrowserDoc.decode_optional(await self._browsers.find_one({"_id": digest(secret)}))
        if found is None or found.expires_at <= self._clock.now():
            return None
        if found.via == "token":
            good = {"_id": found.credential, "revoked": False}
            if await self._tokens.find_one(good, projection={"_id": 1}) is None:
                return None
        return found

    async def still_good(self, digests: Many[str]) -> set[str]:
        """Return those of these cookies' digests by which somebody is signed in still."""
        rows = await self._browsers.find({"_id": {"$in": list(digests)}}, limit=len(digests))
        found = [BrowserDoc.decode(row) for row in rows]
        good = await _good_tokens(self._tokens, {item.credential for item in found if item.via == "token"})
        now = self._clock.now()
        return {
            item.id
            for item in found
            if item.expires_at > now and (item.via != "token" or item.credential in good)
        }

    async def forget(self, secret: str) -> None:
        """Sign a browser out; again: nothing happens."""
        await self._browsers.delete_many({"_id": digest(secret)})


class TokenStore:
    """Tokens."""

    def __init__(self, database: Database) -> None:
        self._tokens: Collection = database.collection("tokens")

    async def create(self, token: TokenDoc) -> None:
        """Keep a new token."""
        await self._tokens.insert_one(token.encode())

    async def find(self, secret: str) -> TokenDoc | None:
        """Return whose token this is, where it is still good."""
        return TokenDoc.decode_optional(
            await self._tokens.find_one({"_id": digest(secret), "revoked": False})
        )

    async def still_good(self, digests: Many[str]) -> set[str]:
        """Return those of these tokens' digests that are good still."""
        return await _good_tokens(self._tokens, digests)

    async def list(self, owner: str, *, limit: int = 200) -> Sequence[TokenDoc]:
        """Return an owner's tokens that are good, the newest first."""
        rows = await self._tokens.find(
            {"owner": owner, "revoked": False}, sort=[("created_at", DESC), ("_id", DESC)], limit=limit
        )
        return [TokenDoc.decode(row) for row in rows]

    async def revoke(self, key_id: str, *, owner: str | None, at: datetime) -> bool:
        """Make a token useless; False where this owner (None: anybody) has no such token."""
        query: dict[str, object] = {"key_id": key_id} if owner is None else {"key_id": key_id, "owner": owner}
        done = await self._tokens.update_one(query, {"$set": {"revoked": True, "revoked_at": at}})
        return done.matched == 1


async def _good_tokens(tokens: Collection, digests: Many[str]) -> set[str]:
    if not digests:
        return set()
    query = {"_id": {"$in": list(digests)}, "revoked": False}
    return {str(row["_id"]) for row in await tokens.find(query, projection={"_id": 1}, limit=len(digests))}


class TicketStore:
    """Tickets."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._tickets: Collection = database.collection("tickets")
        self._clock = clock

    async def create(self, ticket: TicketDoc) -> None:
        """Keep a new ticket."""
        await self._tickets.insert_one(ticket.encode())

    async def redeem(self, secret: str) -> TicketDoc | None:
        """Take a ticket: of two who show the same one gets in, and nobody after 30 s."""
        taken = await self._tickets.find_one_and_delete({"_id": digest(secret)})
        ticket = TicketDoc.decode_optional(taken)
        if ticket is None or self._clock.now() - ticket.created_at > timedelta(seconds=TICKET_SECONDS):
            return None
        return ticket
