"""The end of a session's log, through the API server: for a few seconds, and bounded in lines and in bytes."""

from __future__ import annotations

import structlog

from ccplant_orchestrator.runtimes.kubernetes import names
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError

_log = structlog.get_logger(__name__)

_MOST_BYTES = 32_768
_LINE_BYTES = 4_096


async def tail(api: Api, pod_name: str, lines: int) -> tuple[str, ...]:
    """Return the last lines; none where the container has not started, or its log is gone with its node."""
    try:
        content = await api.log(pod_name, names.CONTAINER, lines=max(1, lines), most_bytes=_MOST_BYTES)
    except ApiError as error:
        # 400: it waits to start; 404: no such Pod, or no such container on its node
        if error.status in (400, 404):
            return ()
        raise
    return cut(content, lines)


def cut(content: bytes, lines: int) -> tuple[str, ...]:
    """Return the last lines of a log, over-long ones cut."""
    text = content.decode(errors="replace").replace("\0", "")
    found = [line[:_LINE_BYTES] for line in text.splitlines()]
    return tuple(found[-lines:]) if lines > 0 else ()
