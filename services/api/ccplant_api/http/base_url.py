"""Under which address a client reaches this gateway: what `connection_url` is made of (S2).

The `Host` header is the client's own word and comes back to this client alone; forwarded headers are believed only
where a proxy that overwrites them is known to stand in front.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from ccplant_api.settings import ApiSettings

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def base_url(connection: HTTPConnection, settings: ApiSettings) -> str:
    """Return ``http://host:port`` or ``https://host``, without a slash at the end."""
    if settings.public_base_url is not None:
        return settings.public_base_url
    scheme = "https" if connection.url.scheme in ("https", "wss") else "http"
    host = connection.headers.get("host", "")
    if settings.trust_proxy_headers:
        forwarded = connection.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
        scheme = forwarded if forwarded in ("http", "https") else scheme
        host = connection.headers.get("x-forwarded-host", "").split(",")[0].strip() or host
    if _HOST.fullmatch(host) is None:
        host = f"{settings.host}:{settings.port}"
    return f"{scheme}://{host}"


def delivery_base_url(base: str, settings: ApiSettings) -> str:
    """Return where GitHub sends to: as the settings say, else the host under which this client reaches the gateway."""
    if settings.webhook_url is not None:
        return settings.webhook_url
    host = urlsplit(base).hostname or settings.host
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{settings.ingest_port}"


def connection_url(base: str, session_id: str) -> str:
    """Return the address of a session's WebSocket: ``wss://`` where the gateway is reached by https."""
    return f"ws{base.removeprefix('http')}/ws/sessions/{session_id}"
