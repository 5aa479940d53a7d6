"""What became of deliveries, runs and dispatches, as badges."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from ccplant_cli.documents import Document
from ccplant_cli.language import either, say
from ccplant_cli.terminal import harmless

STYLES: Mapping[str, str] = {
    "processing": "yellow",
    "waiting": "yellow",
    "dispatched": "green",
    "running": "green",
    "succeeded": "blue",
    "failed": "red",
    "interrupted": "red",
    "missed": "red",
    "ignored": "bright_black",
    "duplicate": "bright_black",
    "skipped": "bright_black",
    "cancelled": "bright_black",
    "erased": "bright_black",
}
_WAITS = ("turn", "place", "earlier_run", "retry")


def badge(outcome: str, *, why: str = "", words: str = "") -> Text:
    """Return an outcome as its badge."""
    shown = Text("● ", STYLES.get(outcome, ""))
    shown.append(words or (say(f"outcome.{outcome}") if outcome in STYLES else outcome or "-"))
    if why:
        shown.append(f" ({why})")
    return shown


def outcome_of(item: Document, name: str = "outcome") -> Text:
    """Return what became of something, with what it waits for, or the code of the reason."""
    outcome = item.text(name)
    return badge(outcome, why=waits(item) if outcome == "waiting" else item.text("reason"))


def waits(item: Document) -> str:
    """Return what something waits for, and its place."""
    why = item.text("waiting_for")
    told = [say(f"waits.{why}")] if why in _WAITS else []
    if "place" in item:
        told.append(say("waits.at", place=item.integer("place")))
    return ", ".join(told)


def target(item: Document) -> str:
    """Return which session something is meant for."""
    meant = item.text("target")
    return say("target.new") if meant == "new" else harmless(meant)


def reason(item: Document) -> str:
    """Return why, in a sentence; empty where the server gave none."""
    return either(item.inner("reason_message").fields)
