"""Ends open connections whose credential is good no longer: a token that was revoked, a browser that was signed out.

Whoever was let in stays for as long as a connection lasts, which may be days. So every few seconds all that they were
let in by is looked up again, in two queries however many connections there are. While the database is away nobody is
sent away: that says nothing about anybody. What GitHub vouches for is asked of GitHub when it is shown again; the end of a
cookie that it signed in is noticed here, like any other's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import structlog

from ccplant_contracts.errors import ApiError, UnauthorizedError
from ccplant_platform.clock import Clock
from ccplant_store.access import Proof
from ccplant_store.errors import StoreError

_log = structlog.get_logger(__name__)

Close = Callable[[ApiError], None]
"""Ends one connection, and says why."""


class StillGood(Protocol):
    """Where credentials of one kind are looked up."""

    async def still_good(self, digests: set[str]) -> set[str]:
        """Return those that are good."""


class Staying:
    """The open connections, by what their owners were let in by."""

    def __init__(self, tokens: StillGood, browsers: StillGood, clock: Clock, *, seconds: float) -> None:
        self._places: dict[str, StillGood] = {"token": tokens, "cookie": browsers}
        self._clock = clock
        self._seconds = seconds
        self._open: dict[Proof, dict[object, Close]] = {}

    @contextmanager
    def while_good(self, proof: Proof | None, close: Close) -> Iterator[None]:
        """Have a connection closed as soon as what it was opened with is good no longer."""
        if proof is None or proof.kind not in self._places:
            yield
            return
        key = object()
        self._open.setdefault(proof, {})[key] = close
        try:
            yield
        finally:
            of_proof = self._open[proof]
            del of_proof[key]
            if not of_proof:
                del self._open[proof]

    async def run(self) -> None:
        """Look again and again, until this is cancelled."""
        while True:
            await self._clock.sleep(self._seconds)
            try:
                await self.look()
            except StoreError as error:
                _log.warning("credentials_not_looked_up", error=str(error))
            except Exception:  # noqa: BLE001 - logged; a connection that cannot be closed must not keep all others open
                _log.exception("credentials_not_looked_up")

    async def look(self) -> None:
        """Look once.

        Raises:
            StoreError: the database is away.
        """
        for kind, place in self._places.items():
            asked = {proof.digest for proof in self._open if proof.kind == kind}
            if not asked:
                continue
            for digest in asked - await place.still_good(asked):
                closing = tuple(self._open.get(Proof(kind, digest), {}).values())  # type: ignore[arg-type]
                _log.info("connections_of_ended_credential_closed", kind=kind, connections=len(closing))
                for close in closing:
                    close(UnauthorizedError("What you signed in with is not valid any more. Sign in again."))
