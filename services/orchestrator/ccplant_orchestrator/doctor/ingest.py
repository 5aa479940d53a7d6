"""The webhook ingester: whether it answers where GitHub is told to send to, and can verify and record what comes.

Whether GitHub gets there nobody here can tell; but what does not answer us is the first thing to look at.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings

from ccplant_orchestrator.doctor.finding import Finding, ok, warning
from ccplant_platform.settings import GROUP

NAME = "webhooks"
_MOST_BYTES = 1 << 16
_NOTHING = 404
"""A proxy that lets through `/webhooks/` alone answers so, which is as it should be."""


class WebhookPlace(BaseSettings):
    """Where webhooks arrive; the gateway has the same setting."""

    model_config = GROUP

    webhook_url: str | None = Field(None, description="Public address of the webhook ingester.")


async def check(place: WebhookPlace, *, seconds: float) -> Finding | None:
    """Ask the ingester how it is; None where nobody says where it is."""
    url = place.webhook_url
    if not url:
        return None
    try:
        status, bad = await asyncio.to_thread(_ask, url, seconds)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return warning(NAME, "ingest_unreachable", url=url, error=str(error) or type(error).__name__)
    if status == _NOTHING:
        return ok(NAME, "ingest_answers", url=url)
    if bad or status != http.client.OK:
        return warning(NAME, "ingest_not_well", url=url, parts=", ".join(bad) or f"HTTP {status}")
    return ok(NAME, "ingest_ok", url=url)


def _ask(url: str, seconds: float) -> tuple[int, list[str]]:
    """Return the status and which parts are not well.

    Raises:
        OSError: nobody answers.
        ValueError: that is no address, or no answer of an ingester.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/health/ready")
        answer = connection.getresponse()
        content = answer.read(_MOST_BYTES)
        if answer.status == _NOTHING:
            return answer.status, []
        told = json.loads(content)["parts"]
        return answer.status, [
            f"{name}: {part['detail']}" for name, part in told.items() if part["status"] != "ok"
        ]
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("what answers there is no webhook ingester") from error
    finally:
        connection.close()
