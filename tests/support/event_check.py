"""Holds every lifecycle event that a test records against the model that its type is documented with."""

from __future__ import annotations

from ccplant_contracts.event_data import EVENT_DATA
from ccplant_contracts.events import LifecycleType
from ccplant_store.events.model import EventDoc

seen: set[LifecycleType] = set()
"""Types that were recorded in this process."""


def checked_document(**fields: object) -> EventDoc:
    """Return the event as it is recorded.

    Raises:
        ValidationError: its data is not what `docs/asyncapi.json` says.
    """
    document = EventDoc.model_validate(fields)
    EVENT_DATA[document.type].model_validate(document.data)
    seen.add(document.type)
    return document
