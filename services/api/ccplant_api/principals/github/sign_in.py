"""Remembers what GitHub said, so that a request costs no question and GitHub's absence no sign-in.

Tokens are remembered by a keyed hash whose key lives and dies with the process. However many requests come with the same
token at once, GitHub is asked once. Refusals are remembered apart: a flood of wrong tokens must not push out those
that are good.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import structlog

from ccplant_api.principals.github.admission import Account, Admission
from ccplant_api.principals.github.answers import Admitted, Away, NotAdmitted, Unknown, Verdict
from ccplant_contracts.access import Role
from ccplant_contracts.errors import ForbiddenError, UnauthorizedError, UnavailableError
from ccplant_platform.clock import Clock

_log = structlog.get_logger(__name__)

_TOKEN = re.compile(r"[A-Za-z0-9_.~+/=-]{1,1000}")
_MOST_REMEMBERED = 10_000
_MOST_ASKING = 256
"""Tokens that GitHub may be asked about at once; more than that is no sign-in, but a flood."""
_LONGEST_PAUSE = 60.0
"""GitHub is tried again after this long at the latest for somebody who is let in meanwhile."""

V = TypeVar("V")


class TokenChecker(Protocol):
    """Knows whose a token is."""

    async def check(self, token: str) -> Verdict: ...


class Owners(Protocol):
    """Knows which owner an account is, and keeps its token."""

    async def enter(self, account: Account) -> str: ...

    async def keep(self, user_id: str, token: str) -> None: ...

    async def forget(self, user_id: str, token: str) -> None: ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in with a GitHub token."""

    user_id: str
    role: Role
    login: str


@dataclass(frozen=True, slots=True)
class Remembering:
    """How long answers are believed, in seconds."""

    good: float
    refused: float
    grace: float


@dataclass(frozen=True, slots=True)
class _Known:
    who: SignedIn
    checked_at: float
    ask_again_at: float


@dataclass(frozen=True, slots=True)
class _Refused:
    verdict: Unknown | NotAdmitted | Away
    until: float


class _Bounded(Generic[V]):
    """The entries that were used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[bytes, V] = OrderedDict()

    def get(self, key: bytes) -> V | None:
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: bytes, value: V) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def drop(self, key: bytes) -> None:
        self._entries.pop(key, None)


class GitHubSignIn:
    """Turns GitHub tokens into owners."""

    def __init__(
        self,
        checker: TokenChecker,
        owners: Owners,
        admission: Admission,
        clock: Clock,
        remembering: Remembering,
        *,
        most_remembered: int = _MOST_REMEMBERED,
    ) -> None:
        self._checker = checker
        self._owners = owners
        self._admission = admission
        self._clock = clock
        self._remembering = remembering
        self._key = secrets.token_bytes(32)
        self._known: _Bounded[_Known] = _Bounded(most_remembered)
        self._refused: _Bounded[_Refused] = _Bounded(most_remembered)
        self._kept: _Bounded[bytes] = _Bounded(most_remembered)
        """The token that was kept last of each owner, by hash."""
        self._asking: dict[bytes, asyncio.Task[SignedIn]] = {}

    async def who(self, token: str) -> SignedIn:
        """Return whose token this is.

        Raises:
            UnauthorizedError: nobody's.
            ForbiddenError: of somebody who is not let in.
            UnavailableError: GitHub cannot say now.
        """
        if _TOKEN.fullmatch(token) is None:
            raise UnauthorizedError("The token is not valid.")
        key = hmac.digest(self._key, token.encode(), hashlib.sha256)
        now = self._clock.monotonic()
        known = self._known.get(key)
        if known is not None and now < known.ask_again_at:
            await self._keep(known.who.user_id, token, key)
            return known.who
        refused = self._refused.get(key)
        if refused is not None and now < refused.until:
            raise _refusal(refused.verdict, refused.until - now)
        return await asyncio.shield(self._once(key, token))

    async def close(self) -> None:
        """Give up what is being asked."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _once(self, key: bytes, token: str) -> asyncio.Task[SignedIn]:
        task = self._asking.get(key)
        if task is None:
            if len(self._asking) >= _MOST_ASKING:
                raise UnavailableError(
                    "Too many tokens are being checked; try again in a moment.", retry_after=2
                )
            task = asyncio.create_task(self._ask(key, token), name="github-sign-in")
            self._asking[key] = task
            task.add_done_callback(lambda done: self._asked(key, done))
        return task

    def _asked(self, key: bytes, task: asyncio.Task[SignedIn]) -> None:
        del self._asking[key]
        if not task.cancelled():
            task.exception()  # everybody who waits has got it; nobody may wait any more

    async def _ask(self, key: bytes, token: str) -> SignedIn:
        verdict = await self._checker.check(token)
        now, known = self._clock.monotonic(), self._known.get(key)
        if isinstance(verdict, Admitted):
            account = verdict.account
            user_id = await self._owners.enter(account)
            who = SignedIn(user_id, self._admission.role(account), account.login)
            self._known.put(key, _Known(who, now, now + self._remembering.good))
            self._refused.drop(key)
            await self._keep(user_id, token, key)
            return who
        if isinstance(verdict, Away) and known is not None:
            end = known.checked_at + self._remembering.good + self._remembering.grace
            if now < end:
                again = min(end, now + min(verdict.retry_after, _LONGEST_PAUSE))
                self._known.put(key, replace(known, ask_again_at=again))
                _log.warning("github_sign_in_on_grace", user=known.who.user_id, seconds_left=round(end - now))
                return known.who
        wait = verdict.retry_after if isinstance(verdict, Away) else self._remembering.refused
        self._refused.put(key, _Refused(verdict, now + wait))
        if not isinstance(verdict, Away):
            self._known.drop(key)
            if known is not None and isinstance(verdict, Unknown):
                self._kept.drop(known.who.user_id.encode())
                await self._owners.forget(known.who.user_id, token)
        raise _refusal(verdict, wait)

    async def _keep(self, user_id: str, token: str, key: bytes) -> None:
        """Let the owner's clones use the token that the owner used last."""
        name = user_id.encode()
        if self._kept.get(name) != key:
            await self._owners.keep(user_id, token)
            self._kept.put(name, key)


def _refusal(
    verdict: Unknown | NotAdmitted | Away, seconds: float
) -> UnauthorizedError | ForbiddenError | UnavailableError:
    if isinstance(verdict, Unknown):
        return UnauthorizedError(verdict.message)
    if isinstance(verdict, NotAdmitted):
        return ForbiddenError(verdict.message)
    return UnavailableError(verdict.message, retry_after=max(1, math.ceil(seconds)))
