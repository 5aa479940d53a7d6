"""Is this process alive, can it serve, and which part is it that cannot: asked by people and by the platform.

Every probe is bounded: a part that hangs is a part that is down, and a health answer that hangs with it gets the process
killed instead of its cause found.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import structlog
from nats.aio.client import Client

from ccplant_platform.bus.connection import flush

_log = structlog.get_logger(__name__)

PartStatus = Literal["ok", "degraded", "down"]
_ORDER: tuple[PartStatus, ...] = ("ok", "degraded", "down")


@dataclass(frozen=True)
class PartHealth:
    """How one part is."""

    status: PartStatus
    detail: str | None = None
    seconds: float = 0.0


class DegradedError(Exception):
    """Raised by a probe whose part works, but not as it should; the message says how."""


Probe = Callable[[], Awaitable[None]]
"""Returns when its part is well and raises when it is not."""


async def check(probes: Mapping[str, Probe], *, timeout: float = 2.0) -> dict[str, PartHealth]:
    """Ask all parts at once; nobody waits longer than the timeout."""
    results = await asyncio.gather(*(_ask(name, probe, timeout) for name, probe in probes.items()))
    return dict(zip(probes, results, strict=True))


def worst(parts: Mapping[str, PartHealth]) -> PartStatus:
    """Return the status of the whole: that of its worst part."""
    return max((part.status for part in parts.values()), key=_ORDER.index, default="ok")


def bus_probe(client: Client) -> Probe:
    """Return the probe of a connection: an answer of the server, not what the client believes."""

    async def probe() -> None:
        if not client.is_connected:
            raise ConnectionError("not connected")
        await flush(client)

    return probe


async def _ask(name: str, probe: Probe, timeout: float) -> PartHealth:
    begun = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            await probe()
    except TimeoutError:
        return PartHealth("down", f"no answer within {timeout:g} s", time.monotonic() - begun)
    except DegradedError as error:
        return PartHealth("degraded", str(error), time.monotonic() - begun)
    except Exception as error:  # noqa: BLE001 - whatever a part raises, the answer is that it is down
        # the answer is public: the kind of the failure is enough there, its words are in the log
        _log.warning("part_down", part=name, error=str(error) or type(error).__name__)
        return PartHealth("down", type(error).__name__, time.monotonic() - begun)
    return PartHealth("ok", None, time.monotonic() - begun)
