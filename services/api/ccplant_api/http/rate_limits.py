"""How many requests an owner may make in a minute, and what each answer says of that.

Each owner has a window of a minute per kind of request, which begins with the first request in it. What is counted is in
this process's memory, for a bounded number of owners; so several gateways allow as many times that much, and one that
starts anew has counted nothing: this is against floods, and no account of anything.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ccplant_contracts.errors import RateLimitError
from ccplant_platform.clock import Clock

Kind = Literal["session_creation", "list", "users", "others"]
WINDOW_SECONDS = 60.0
_MOST_WINDOWS = 20_000
_STATE = "rate_limit"


def kind_of(method: str, path: str) -> Kind:
    """Return which limit a request counts against; pure."""
    if path == "/api/v1/sessions":
        return "session_creation" if method == "POST" else "list"
    if method == "POST" and path.startswith("/api/v1/sessions/") and path.endswith("/recreate"):
        return "session_creation"
    return "users" if path == "/api/v1/users" or path.startswith("/api/v1/users/") else "others"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an owner stands after one more request."""

    limit: int
    remaining: int
    reset_seconds: int
    """Until the window ends."""
    reset_at: int
    """The same as a Unix time."""
    refused: bool


@dataclass(slots=True)
class _Window:
    ends: float
    used: int = 0


class RateLimits:
    """Counts."""

    def __init__(self, limits: Mapping[Kind, int], clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._windows: OrderedDict[tuple[str, Kind], _Window] = OrderedDict()

    def take(self, owner: str, kind: Kind) -> Standing | None:
        """Count one request; None: there is no limit on its kind."""
        limit = self._limits.get(kind, 0)
        if limit <= 0:
            return None
        now = self._clock.monotonic()
        window = self._windows.get((owner, kind))
        if window is None or window.ends <= now:
            window = self._windows[owner, kind] = _Window(now + WINDOW_SECONDS)
        self._windows.move_to_end((owner, kind))
        if len(self._windows) > _MOST_WINDOWS:
            self._windows.popitem(last=False)
        refused = window.used >= limit
        if not refused:
            window.used += 1
        left = window.ends - now
        return Standing(
            limit=limit,
            remaining=limit - window.used,
            reset_seconds=max(1, math.ceil(left)),
            reset_at=math.ceil(self._clock.now().timestamp() + left),
            refused=refused,
        )

    def count(self, scope: Scope, owner: str) -> None:
        """Count a request of an owner; its answer will say how he stands.

        Raises:
            RateLimitError: that is too many.
        """
        standing = self.take(owner, kind_of(scope.get("method", "GET"), scope["path"]))
        if standing is None:
            return
        scope.setdefault("state", {})[_STATE] = standing
        if standing.refused:
            raise RateLimitError(
                f"At most {standing.limit:,} of these requests a minute; try again in {standing.reset_seconds} s.",
                details={"limit": standing.limit, "window_seconds": int(WINDOW_SECONDS)},
                retry_after=standing.reset_seconds,
            )


class RateLimitHeaders:
    """Tells on every answer how its owner stands."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def send_with_standing(message: Message) -> None:
            standing = state.get(_STATE)
            if message["type"] == "http.response.start" and isinstance(standing, Standing):
                message = {**message, "headers": [*message.get("headers", ()), *_headers(standing)]}
            await send(message)

        await self._app(scope, receive, send_with_standing)


def _headers(standing: Standing) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-ratelimit-limit", str(standing.limit).encode()),
        (b"x-ratelimit-remaining", str(standing.remaining).encode()),
        (b"x-ratelimit-reset", str(standing.reset_at).encode()),
    ]
