"""``/health`` for people and probes, ``/metrics`` for the cluster; no sign-in, so no secrets and little work.

The gateway can serve as long as MongoDB answers: with the bus or the orchestrator away, what clients ask for is
written and done later. That is `degraded`, not down, and no reason to restart anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from ccplant_api import __version__
from ccplant_api.gateway import Gateway, GatewayDep
from ccplant_api.http.answers import answer, answer_json
from ccplant_contracts import subjects
from ccplant_contracts.base import Message, UtcTime
from ccplant_contracts.control import OrchestratorHealth
from ccplant_contracts.errors import UnavailableError
from ccplant_store.errors import StoreError

router = APIRouter(tags=["health"])

PartStatus = Literal["ok", "degraded", "down"]
_SECONDS = 2.0
_FRESH_SECONDS = 1.0


class Part(Message):
    """How one part is doing."""

    status: PartStatus
    detail: str | None = None


class Parts(Message):
    """Everything that a session needs."""

    nats: Part
    mongodb: Part
    orchestrator: Part
    runtime: Part


class Health(Message):
    """How the system is doing; `down` means that this gateway cannot serve."""

    status: PartStatus
    timestamp: UtcTime
    version: str
    parts: Parts


class Probe:
    """Asks the parts, at most once a second however many ask us."""

    def __init__(self) -> None:
        self._known: tuple[float, Health] | None = None
        self._asking = asyncio.Lock()

    async def ask(self, gateway: Gateway) -> Health:
        """Return how everything is."""
        async with self._asking:
            now = gateway.clock.monotonic()
            if self._known is None or now - self._known[0] > _FRESH_SECONDS:
                self._known = (now, await _ask(gateway, gateway.clock.now()))
            return self._known[1]


async def _ask(gateway: Gateway, now: datetime) -> Health:
    mongodb, (orchestrator, runtime) = await asyncio.gather(
        _part(gateway.store.ping()), _ask_orchestrator(gateway)
    )
    nats = (
        Part(status="ok")
        if gateway.bus.connected
        else Part(status="down", detail="The bus cannot be reached.")
    )
    status: PartStatus = "ok"
    if mongodb.status == "down":
        status = "down"
    elif any(part.status != "ok" for part in (nats, orchestrator, runtime)):
        status = "degraded"
    parts = Parts(nats=nats, mongodb=mongodb, orchestrator=orchestrator, runtime=runtime)
    return Health(status=status, timestamp=now, version=__version__, parts=parts)


async def _part(check: Awaitable[None]) -> Part:
    try:
        async with asyncio.timeout(_SECONDS):
            await check
    except TimeoutError:
        return Part(status="down", detail=f"No answer within {_SECONDS:g} s.")
    except StoreError:
        return Part(status="down", detail="It cannot be reached.")
    return Part(status="ok")


async def _ask_orchestrator(gateway: Gateway) -> tuple[Part, Part]:
    try:
        told = await gateway.bus.ask(subjects.HEALTH_ORCHESTRATOR, None, OrchestratorHealth, timeout=_SECONDS)
    except UnavailableError as error:
        return Part(status="down", detail=error.message), Part(
            status="down", detail="The orchestrator tells."
        )
    runtime = Part(status=told.runtime.status, detail=told.runtime.detail or told.runtime.kind)
    return Part(status=told.status, detail=told.detail), runtime


_probe = Probe()


@router.get("/health", operation_id="health", response_model=Health, responses={503: {"model": Health}})
async def health(gateway: GatewayDep) -> Response:
    """Tell how the system is doing; 503 when this gateway cannot serve."""
    found = await _probe.ask(gateway)
    return answer(found, status=503 if found.status == "down" else 200)


@router.get("/health/live", operation_id="live", response_model=dict[str, str])
async def live() -> Response:
    """Tell that the process answers."""
    return answer_json({"status": "ok"})


@router.get(
    "/health/ready",
    operation_id="ready",
    response_model=dict[str, str],
    responses={503: {"model": dict[str, str]}},
)
async def ready(gateway: GatewayDep) -> Response:
    """Tell whether requests can be served."""
    mongodb = await _part(gateway.store.ping())
    return answer_json({"status": mongodb.status}, status=200 if mongodb.status == "ok" else 503)


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    """Give Prometheus its figures."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
