"""What webhooks and schedules have in common, for people, and their definition as a file that can be read again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.text import Text

from ccplant_cli.documents import Document
from ccplant_cli.language import say
from ccplant_cli.tables import clock
from ccplant_cli.terminal import harmless

Rows = list[tuple[str, str | Text]]


def enabled(item: Document) -> Text:
    """Return whether it reacts at all, as a badge."""
    on = item.flag("enabled")
    shown = Text("● ", "green" if on else "bright_black")
    return shown.append(say("trigger.enabled" if on else "trigger.disabled"))


def session_rows(item: Document) -> Rows:
    """Return what the session is made like, and which one it is."""
    rows: Rows = []
    if "repository" in item:
        branch = item.text("branch")
        rows.append(("repository", harmless(item.text("repository") + (f" ({branch})" if branch else ""))))
    rows.append(("session", harmless(_session(item))))
    rows.append(("mode", item.text("mode")))
    if config := told_config(item.inner("config")):
        rows.append(("config", harmless(config)))
    if labels := item.inner("labels").fields:
        rows.append(("labels", ", ".join(f"{name}={value}" for name, value in labels.items())))
    ends = [say("trigger.deleted_on_complete")] if item.flag("auto_delete_on_complete") else []
    if "auto_delete_after_hours" in item:
        ends.append(say("trigger.deleted_after", hours=item.integer("auto_delete_after_hours")))
    if ends:
        rows.append(("cleaned_up", ", ".join(ends)))
    return rows


def time_rows(item: Document) -> Rows:
    """Return when it was made and changed."""
    return [("created", clock(item.time("created_at"))), ("updated", clock(item.time("updated_at")))]


def _session(item: Document) -> str:
    if not item.flag("reuse_session"):
        return say("trigger.new_session")
    if "reuse_key" in item:
        return say("trigger.by_key", key=item.text("reuse_key"))
    if "session_id" in item:
        return say("trigger.named_session", session=item.text("session_id"))
    return say("trigger.last_session")


def told_config(config: Document) -> str:
    """Return the parts of a configuration that say something, on one line."""
    parts = [
        f"{name}={value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)}"
        for name, value in config.fields.items()
        if value is not None and value is not False and value not in ("", [], {})
    ]
    return ", ".join(parts)


def definition_of(item: Document, fields: Sequence[str]) -> dict[str, object]:
    """Return the fields of a resource that make another one like it."""
    found = {name: item.fields.get(name) for name in fields}
    found["config"] = {
        name: value
        for name, value in item.inner("config").fields.items()
        if value is not None and value not in ([], {})
    }
    return {name: value for name, value in found.items() if value is not None and value not in ([], {})}
