"""`schedule create`, `edit`, `enable`, `disable`, `delete` and `run`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.session_options import SessionOptions
from ccplant_cli.commands.trigger_options import Clear, TriggerOptions, Yes
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.references import find
from ccplant_cli.schedules.kind import SCHEDULES, Reference
from ccplant_cli.schedules.messages import text
from ccplant_cli.schedules.options import TimeOptions


def create(
    context: Context,
    *,
    trigger: TriggerOptions,
    times: TimeOptions,
    options: SessionOptions,
    disabled: Annotated[bool, typer.Option("--disabled", help=text("help.disabled"))] = False,
) -> None:
    own = times.fields() | ({"enabled": False} if disabled else {})
    body = trigger.definition(options, own)
    with Client(context.target) as client:
        created = client.post(SCHEDULES.root, body)
    if context.json:
        context.document(created.fields)
        return
    typer.echo(created.text("schedule_id"))
    _told(created)


def _told(schedule: Document) -> None:
    """Tell when it runs next, and what may surprise about it."""
    from ccplant_cli.schedules.details import in_zone, warnings

    zone = schedule.text("timezone")
    if not schedule.flag("enabled"):
        note(text("is_disabled"))
    elif times := schedule.texts("next_runs"):
        note(text("runs_next"))
        for time in times:
            note(f"  {in_zone(time, zone)}")
    else:
        note(text("never_runs"))
    for warning in warnings(schedule):
        note(f"! {warning}")


def edit(
    context: Context,
    schedule: Reference,
    *,
    trigger: TriggerOptions,
    times: TimeOptions,
    options: SessionOptions,
    clear: Clear = None,
) -> None:
    changes = trigger.definition(options, times.fields(), clear)
    if not changes:
        raise CliError(text("error.nothing_changes"), Exit.USAGE)
    _patch(context, schedule, changes, "edited")


def enable(context: Context, schedule: Reference) -> None:
    _patch(context, schedule, {"enabled": True}, "enabled")


def disable(context: Context, schedule: Reference) -> None:
    _patch(context, schedule, {"enabled": False}, "disabled")


def _patch(context: Context, reference: str, changes: dict[str, object], done: str) -> None:
    with Client(context.target) as client:
        schedule_id = find(client, reference, SCHEDULES).text("schedule_id")
        changed = client.request("PATCH", SCHEDULES.path(schedule_id), body=changes)
    if context.json:
        context.document(changed.fields)
        return
    note(text(f"done.{done}", id=schedule_id))
    if done != "disabled":
        _told(changed)


def delete(context: Context, schedule: Reference, yes: Yes = False) -> None:
    with Client(context.target) as client:
        document = find(client, schedule, SCHEDULES)
        schedule_id = document.text("schedule_id")
        if not yes:
            if not sys.stdin.isatty():
                raise CliError(text("error.needs_yes"), Exit.USAGE)
            if not typer.confirm(text("confirm.delete", name=document.text("name")), err=True):
                raise typer.Exit(Exit.FAILED)
        client.request("DELETE", SCHEDULES.path(schedule_id))
    if context.json:
        context.document({"schedule_id": schedule_id})
    else:
        note(text("done.deleted", id=schedule_id))


def run(context: Context, schedule: Reference) -> None:
    with Client(context.target) as client:
        schedule_id = find(client, schedule, SCHEDULES).text("schedule_id")
        answer = client.post(f"{SCHEDULES.path(schedule_id)}/run")
    if context.json:
        context.document(answer.fields)
    else:
        typer.echo(answer.text("run_id"))
        note(text("done.run", id=schedule_id))
