"""Schedules as a kind of thing that has an id and a name."""

from __future__ import annotations

from typing import Annotated

import typer

from ccplant_cli.references import Kind
from ccplant_cli.schedules.messages import text

SCHEDULES = Kind(
    "schedules", "schedule_id", "sched-",
    absent=lambda reference: text("none_fits", reference=reference),
    ambiguous=lambda reference, which: text("several_fit", reference=reference, which=which),
)  # fmt: skip

DEFINITION = (
    "name", "enabled", "cron", "timezone", "message", "repository", "branch", "labels", "mode", "config",
    "reuse_session", "session_id", "overlap", "catch_up_seconds", "jitter_seconds", "starts_at", "ends_at",
    "auto_delete_on_complete", "auto_delete_after_hours",
)  # fmt: skip
"""The fields that make one."""

Reference = Annotated[
    str, typer.Argument(metavar="SCHEDULE", help=text("help.argument.schedule"), show_default=False)
]
