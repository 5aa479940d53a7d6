"""`schedule create`, `edit`, `enable`, `disable`, `delete` and `run`."""

from __future__ import annotations

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands import trigger_actions
from ccplant_cli.commands.session_options import SessionOptions
from ccplant_cli.commands.trigger_actions import patch
from ccplant_cli.commands.trigger_options import Clear, Disabled, TriggerOptions, Yes
from ccplant_cli.documents import Document
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
    disabled: Disabled = False,
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
    from ccplant_cli.schedules.details import in_words, in_zone, warnings

    zone = schedule.text("timezone")
    for words in in_words(schedule.text("cron")):
        note(f"{words} ({zone})")
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
    _changed(context, schedule, trigger.definition(options, times.fields(), clear))


def enable(context: Context, schedule: Reference) -> None:
    _changed(context, schedule, {"enabled": True})


def disable(context: Context, schedule: Reference) -> None:
    patch(context, SCHEDULES, schedule, {"enabled": False})


def _changed(context: Context, reference: str, changes: dict[str, object]) -> None:
    changed = patch(context, SCHEDULES, reference, changes)
    if changed is not None:
        _told(changed)


def delete(context: Context, schedule: Reference, yes: Yes = False) -> None:
    trigger_actions.delete(context, SCHEDULES, schedule, yes=yes, question=text("confirm.delete"))


def run(context: Context, schedule: Reference) -> None:
    with Client(context.target) as client:
        schedule_id = find(client, schedule, SCHEDULES).text("schedule_id")
        answer = client.post(f"{SCHEDULES.path(schedule_id)}/run")
    if context.json:
        context.document(answer.fields)
    else:
        typer.echo(answer.text("run_id"))
        note(text("done.run", id=schedule_id))
