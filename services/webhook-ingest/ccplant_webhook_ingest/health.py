"""``/health`` for probes, ``/metrics`` for the cluster; no sign-in, so no secrets and little work.

What is received can be recorded as long as MongoDB answers: with the bus away this is degraded, not down, and no reason
to send deliveries elsewhere.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ccplant_platform.bus.dispatch_news import DispatchNews
from ccplant_platform.health import DegradedError, check, worst
from ccplant_platform.metrics import exposition
from ccplant_store import Store
from ccplant_webhook_ingest.answers import answer

_PROBE_SECONDS = 2.0


class Health:
    """Answers probes."""

    def __init__(self, store: Store, news: DispatchNews, *, opens_secrets: bool) -> None:
        self._store = store
        self._news = news
        self._opens_secrets = opens_secrets

    async def live(self, _: Request) -> Response:
        """Tell that the process answers."""
        return answer(200, status="ok")

    async def ready(self, _: Request) -> Response:
        """Tell whether deliveries can be recorded, and how each part is."""
        parts = await check(
            {"mongodb": self._store.ping, "nats": self._bus, "secrets": self._secrets}, timeout=_PROBE_SECONDS
        )
        status = worst(parts)
        told = {name: {"status": part.status, "detail": part.detail} for name, part in parts.items()}
        return answer(503 if status == "down" else 200, status=status, parts=told)

    async def metrics(self, _: Request) -> Response:
        """Return the numbers."""
        content, kind = exposition()
        return Response(content, media_type=kind)

    async def _bus(self) -> None:
        if not self._news.connected:
            raise DegradedError("the bus cannot be reached; what is received is dispatched later")

    async def _secrets(self) -> None:
        if not self._opens_secrets:
            raise DegradedError("CCPLANT_SEALING_KEY_FILE is not set; no delivery can be verified")
