"""What a WebSocket and an SSE connection share: follow the session, and close with the right code when that fails."""

from __future__ import annotations

import structlog

from ccplant_api.live.hub import Hub
from ccplant_api.live.viewer import Close, Viewer
from ccplant_api.live.watch import Watch
from ccplant_contracts.errors import ApiError, UnavailableError

_log = structlog.get_logger(__name__)


async def follow_until_closed(
    hub: Hub, viewer: Viewer, watch: Watch, base_url: str, since: int | None
) -> None:
    """Bring the viewer what it is to see; whatever breaks ends in a close code, not in silence."""
    try:
        await hub.follow(viewer, watch, base_url, since)
    except ApiError as error:
        viewer.close(Close(1013 if isinstance(error, UnavailableError) else 1011, error))
    except Exception:  # noqa: BLE001 - logged, and the client is told
        _log.exception("viewer_crashed", session_id=watch.session_id)
        viewer.close(Close(1011, ApiError("Something went wrong on our side; connect again.")))
