"""A model's provider that refuses for now, in words: why, how often, and when the next try is."""

from __future__ import annotations

from ccplant_cli.documents import Document
from ccplant_cli.language import say
from ccplant_cli.tables import clock

_REASONS = ("rate_limited", "overloaded", "unavailable", "unauthorized")


def told(wait: Document) -> str:
    """Return the sentence."""
    reason = wait.text("reason")
    why = say(f"provider.{reason}") if reason in _REASONS else reason
    tries = say("provider.tries", count=wait.integer("attempts"))
    next_try = say("provider.next", at=clock(wait.time("retry_at"))) if "retry_at" in wait else ""
    return f"{why} ({tries}{next_try})"
