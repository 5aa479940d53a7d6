"""How many webhooks and schedules one owner may have.

The limit keeps a script that runs wild from filling the installation. It is no promise to the last one: two that are
made in the same moment may both find room.
"""

from __future__ import annotations

from ccplant_contracts.errors import QuotaExceededError


def require_room(there: int, most: int, things: str) -> None:
    """Refuse one more than an owner may have.

    Raises:
        QuotaExceededError: there are as many as allowed.
    """
    if there >= most:
        raise QuotaExceededError(
            f"You have as many {things} as one owner may have here ({most:,}); delete one first.",
            details={"limit": most, "current": there},
        )
