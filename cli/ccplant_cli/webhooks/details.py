"""A webhook and a delivery in full, for people."""

from __future__ import annotations

from rich.text import Text

from ccplant_cli.documents import Document
from ccplant_cli.language import either
from ccplant_cli.outcomes import badge, outcome_of, reason
from ccplant_cli.tables import clock, size, table
from ccplant_cli.terminal import harmless
from ccplant_cli.trigger_details import Rows, enabled, session_rows, time_rows
from ccplant_cli.webhooks.messages import text

_FILTERS = ("events", "actions", "repositories", "branches", "pull_request_labels", "paths", "senders")


def webhook_rows(webhook: Document) -> Rows:
    """Return the rows that a webhook has."""
    rows: Rows = [
        ("id", webhook.text("webhook_id")),
        ("name", harmless(webhook.text("name"))),
        ("status", enabled(webhook)),
        ("delivery_url", webhook.text("delivery_url")),
    ]
    rows += [(name, harmless(", ".join(webhook.texts(name)))) for name in _FILTERS if webhook.texts(name)]
    if not webhook.flag("ignore_bots"):
        rows.append(("bots", text("bots_too")))
    rows += [
        (name, harmless(webhook.text(name).rstrip("\n")))
        for name in ("condition", "message")
        if name in webhook
    ]
    rows += session_rows(webhook)
    rows.append(("per_hour", text("per_hour", count=webhook.integer("max_dispatches_per_hour"))))
    if "secret_rotated_at" in webhook:
        rows.append(("secret", text("secret_since", at=clock(webhook.time("secret_rotated_at")))))
    if "old_secret_until" in webhook:
        rows.append(("old_secret", text("old_until", at=clock(webhook.time("old_secret_until")))))
    rows.append(("deliveries", str(webhook.integer("deliveries"))))
    if "last_delivery_at" in webhook:
        rows.append(("last_delivery", last_delivery(webhook)))
    return rows + time_rows(webhook)


def last_delivery(webhook: Document) -> Text:
    """Return when the last delivery came and what became of it."""
    shown = Text(clock(webhook.time("last_delivery_at")))
    if "last_outcome" in webhook:
        shown.append("  ").append_text(badge(webhook.text("last_outcome")))
    return shown


def event_of(delivery: Document) -> str:
    """Return event and action as GitHub writes them."""
    action = delivery.text("action")
    return harmless(delivery.text("event") + (f".{action}" if action else ""))


def delivery_rows(delivery: Document) -> Rows:
    """Return the rows that a delivery has."""
    rows: Rows = [
        ("id", delivery.text("delivery_id")),
        ("github_delivery", harmless(delivery.text("github_delivery"))),
        ("outcome", outcome_of(delivery)),
    ]
    if why := reason(delivery):
        rows.append(("reason", harmless(why)))
    rows += [
        (shown, delivery.text(name))
        for shown, name in (
            ("duplicate_of", "duplicate_of"), ("session", "session_id"), ("prompt", "prompt_id"),
            ("dispatch", "dispatch_id"),
        )
        if name in delivery
    ]  # fmt: skip
    rows.append(("event", event_of(delivery)))
    rows += [
        (name, harmless(delivery.text(name))) for name in ("repository", "ref", "sender") if name in delivery
    ]
    rows.append(("received", clock(delivery.time("received_at"))))
    if "processed_at" in delivery:
        rows.append(("processed", clock(delivery.time("processed_at"))))
    rows.append(("size", size(delivery.number("size_bytes"))))
    if delivery.integer("replays"):
        rows.append(("replays", str(delivery.integer("replays"))))
    return rows


def filters(verdicts: tuple[Document, ...]) -> None:
    """Print what each filter says: all of them, also after one said no."""
    rows = [
        (
            f"{'✓' if verdict.flag('passed') else '✗'} {verdict.text('filter')}",
            harmless(", ".join(verdict.texts("wanted"))) or text("anything"),
            harmless(", ".join(verdict.texts("found"))) or "-",
            harmless(either(verdict.inner("message").fields)),
        )
        for verdict in verdicts
    ]
    if rows:
        table(("filter", "wanted", "found", "verdict"), rows)
