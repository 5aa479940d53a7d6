"""What became of dispatches, asked when somebody looks: a copy beside the delivery or run would sooner or later lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ccplant_api.gateway import Gateway
from ccplant_contracts.dispatch import DispatchResource
from ccplant_store.dispatches.model import DispatchDoc


@dataclass(frozen=True)
class Fates:
    """Dispatches by id, and the place of each that waits."""

    dispatches: Mapping[str, DispatchDoc] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)

    def of(self, dispatch_id: str | None) -> DispatchResource | None:
        """Return a dispatch as clients see it; None: there was none, or its record is gone."""
        dispatch = self.dispatches.get(dispatch_id or "")
        return None if dispatch is None else dispatch.resource(self.places.get(dispatch.id))


async def fates(gateway: Gateway, owner: str, dispatch_ids: Iterable[str | None]) -> Fates:
    """Return what became of these, in as few questions as it takes."""
    wanted = [dispatch_id for dispatch_id in dispatch_ids if dispatch_id is not None]
    dispatches = await gateway.store.dispatches.many(list(dict.fromkeys(wanted)))
    if not any(dispatch.open for dispatch in dispatches.values()):
        return Fates(dispatches)
    queue = await gateway.store.dispatches.waiting(owner)
    return Fates(dispatches, {dispatch_id: place for place, dispatch_id in enumerate(queue, start=1)})
