"""Who is called what: one name is one owner, however they sign in (U3).

Everything belongs to an owner by name, so two people must never get the same one. A name is given once: to local users
when a token is made for them, to a GitHub account (known by its number, which unlike its login never changes and is never
given to somebody else) when it signs in for the first time. An account whose login is taken gets another name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from ccplant_contracts.base import UtcTime
from ccplant_store.documents import Document
from ccplant_store.driver import Collection, Database
from ccplant_store.errors import DuplicateKeyError

_GITHUB_ID = "github_id"


def token_purpose(user_id: str) -> str:
    """Return what an owner's token is sealed for: for nobody else's use."""
    return f"github-token:{user_id}"


class UserDoc(Document):
    """An owner; its id is the name by which everything belongs to it."""

    kind: Literal["local", "github"]
    github_id: int | None = None
    github_login: str | None = None
    """As it was when the account last signed in."""
    email: str | None = None
    created_at: UtcTime
    sealed_token: str | None = None
    """The account's last token, sealed; only its clones need it."""
    token_mark: str | None = None
    """Tells whether a token is the kept one."""


def possible_names(login: str, github_id: int) -> Iterator[str]:
    """Yield what a GitHub account may be called, the nicest first; the last ones can be nobody's login."""
    plain = login.lower()
    yield plain
    yield f"{plain}-{github_id}"
    for number in range(1, 10):
        yield f"{plain}.{github_id}.{number}"


class UserStore:
    """Owners."""

    def __init__(self, database: Database) -> None:
        self._users: Collection = database.collection("users")
        self._tokens: Collection = database.collection("tokens")
        self._sessions: Collection = database.collection("sessions")

    async def get(self, user_id: str) -> UserDoc | None:
        """Return an owner that was given its name."""
        return UserDoc.decode_optional(await self._users.find_one({"_id": user_id}))

    async def claim_local(self, user_id: str, at: datetime) -> bool:
        """Give a name to a local user; False where a GitHub account has it. Safe to repeat."""
        try:
            await self._users.insert_one(UserDoc(id=user_id, kind="local", created_at=at).encode())
        except DuplicateKeyError:
            known = await self.get(user_id)
            return known is None or known.kind == "local"
        return True

    async def claim_github(self, github_id: int, login: str, email: str | None, at: datetime) -> UserDoc:
        """Return the owner that a GitHub account is, with a name of its own from its first sign-in on.

        Raises:
            NoNameError: all names that it could have are taken.
        """
        for name in possible_names(login, github_id):
            known = await self._of_github(github_id, login, email)
            if known is not None:
                return known
            if await self._in_use(name):
                continue
            user = UserDoc(
                id=name, kind="github", github_id=github_id, github_login=login, email=email, created_at=at
            )
            try:
                await self._users.insert_one(user.encode())
            except DuplicateKeyError:
                # the name was taken, or another gateway was first with the same account: the next look tells
                continue
            return user
        known = await self._of_github(github_id, login, email)
        if known is not None:
            return known
        raise NoNameError(f"every name for the GitHub account {login} is taken")

    async def keep_token(self, user_id: str, sealed: str, mark: str) -> None:
        """Keep an owner's sealed token, where it is another one than the kept."""
        await self._users.update_one(
            {"_id": user_id, "token_mark": {"$ne": mark}},
            {"$set": {"sealed_token": sealed, "token_mark": mark}},
        )

    async def forget_token(self, user_id: str, mark: str) -> None:
        """Erase a token that is good for nothing any more, where it is still the kept one."""
        await self._users.update_one(
            {"_id": user_id, "token_mark": mark}, {"$set": {"sealed_token": None, "token_mark": None}}
        )

    async def _of_github(self, github_id: int, login: str, email: str | None) -> UserDoc | None:
        known = UserDoc.decode_optional(await self._users.find_one({_GITHUB_ID: github_id}))
        if known is None or (known.github_login, known.email) == (login, email):
            return known
        await self._users.update_one({"_id": known.id}, {"$set": {"github_login": login, "email": email}})
        return known.model_copy(update={"github_login": login, "email": email})

    async def _in_use(self, name: str) -> bool:
        """Tell whether something belongs to this name already, from before names were given."""
        for collection in (self._tokens, self._sessions):
            if await collection.find_one({"owner": name}, projection={"_id": 1}) is not None:
                return True
        return False


class NoNameError(Exception):
    """A GitHub account cannot be given a name."""
