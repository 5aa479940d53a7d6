"""Counts deliveries of each webhook, and writes the figures together: one write a second, not one a delivery.

They are for people. A crash may cost the last second of them; what was received is in the deliveries themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from ccplant_platform.clock import Clock
from ccplant_store.errors import StoreError
from ccplant_store.webhooks.repository import WebhookStore

_log = structlog.get_logger(__name__)

WRITE_EVERY_SECONDS = 1.0


@dataclass(slots=True)
class _Count:
    """What is not written yet of one webhook."""

    count: int
    last_id: str
    last_at: datetime


class Tally:
    """Counts that are about to be written."""

    def __init__(self, webhooks: WebhookStore, clock: Clock) -> None:
        self._webhooks = webhooks
        self._clock = clock
        self._counts: dict[str, _Count] = {}

    def count(self, webhook_id: str, delivery_id: str, at: datetime) -> None:
        """Count one delivery."""
        known = self._counts.get(webhook_id)
        self._counts[webhook_id] = _Count(1 if known is None else known.count + 1, delivery_id, at)

    async def run(self) -> None:
        """Write, again and again, until cancelled."""
        while True:
            await self._clock.sleep(WRITE_EVERY_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write what was counted; what cannot be written is counted on."""
        counts, self._counts = self._counts, {}
        for webhook_id, one in counts.items():
            try:
                await self._webhooks.count_delivery(
                    webhook_id, at=one.last_at, delivery_id=one.last_id, count=one.count
                )
            except StoreError as error:
                _log.warning("deliveries_not_counted", webhook_id=webhook_id, error=str(error))
                later = self._counts.get(webhook_id)
                self._counts[webhook_id] = (
                    one if later is None else _Count(later.count + one.count, later.last_id, later.last_at)
                )
