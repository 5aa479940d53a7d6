"""MongoDB for ccplant: one repository per aggregate, indexes, leases, the one transaction function."""

from ccplant_store.events.model import NewEvent
from ccplant_store.store import Store

__all__ = ["NewEvent", "Store"]
