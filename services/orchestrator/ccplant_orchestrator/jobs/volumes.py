"""Removes volumes that are to go: the storage first, the record last.

The record says that a volume is to go before anything is done about it, and stays until it is gone. So a death in between
is made good by whoever looks next, and a place that is slow, or a node that is away, holds up no session's end: it is
tried again, each time later.
"""

from __future__ import annotations

import structlog

from ccplant_orchestrator.runtimes.protocol import Runtime, RuntimeFailedError
from ccplant_platform.clock import Clock
from ccplant_platform.faults import fault_point
from ccplant_store import Store

_log = structlog.get_logger(__name__)

_AT_A_TIME = 100


class VolumeRemoval:
    """Removes them."""

    def __init__(self, *, store: Store, runtime: Runtime, clock: Clock) -> None:
        self._store = store
        self._runtime = runtime
        self._clock = clock

    async def remove_condemned(self) -> None:
        """Remove those whose turn it is."""
        for volume_id in await self._store.volumes.condemned(self._clock.now(), limit=_AT_A_TIME):
            await self.remove(volume_id)

    async def remove(self, volume_id: str) -> bool:
        """Remove a volume that is to go; False where that has to be tried again."""
        try:
            await self._runtime.delete_volume(volume_id)
        except RuntimeFailedError as error:
            await self._store.volumes.postpone(volume_id, at=self._clock.now())
            _log.warning("volume_not_removed", volume_id=volume_id, error=str(error))
            return False
        fault_point("orch.volume.removed")
        await self._store.volumes.forget(volume_id)
        _log.info("volume_removed", volume_id=volume_id)
        return True
