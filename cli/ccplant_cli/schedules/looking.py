"""`schedule list`, `show`, `runs` and `preview`."""

from __future__ import annotations

from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.arguments import Limit, Offset, more
from ccplant_cli.commands.trigger_actions import print_definition
from ccplant_cli.commands.trigger_options import Definition, present
from ccplant_cli.references import find
from ccplant_cli.schedules.kind import DEFINITION, SCHEDULES, Reference
from ccplant_cli.schedules.messages import text
from ccplant_cli.terminal import harmless


def list_schedules(context: Context, limit: Limit = 50, offset: Offset = 0) -> None:
    with Client(context.target) as client:
        page = client.get(SCHEDULES.root, limit=limit, offset=offset)
    if context.json:
        context.document(page.fields)
        return
    from ccplant_cli.outcomes import outcome_of
    from ccplant_cli.tables import clock, table
    from ccplant_cli.trigger_details import enabled

    rows = [
        (
            schedule.text("schedule_id"),
            harmless(schedule.text("name")),
            enabled(schedule),
            schedule.text("cron"),
            schedule.text("timezone"),
            clock(schedule.time("next_run_at")),
            outcome_of(last) if (last := schedule.inner("last_run")) else "-",
        )
        for schedule in page.each("schedules")
    ]
    if not rows:
        note(text("none"))
        return
    table(("id", "name", "status", "cron", "timezone", "next_run", "last_run"), rows)
    more(page, len(rows), offset)


def show(context: Context, schedule: Reference, definition: Definition = False) -> None:
    from ccplant_cli.schedules.details import schedule_rows
    from ccplant_cli.tables import pairs

    with Client(context.target) as client:
        document = find(client, schedule, SCHEDULES)
    if definition:
        print_definition(context, document, DEFINITION)
    elif context.json:
        context.document(document.fields)
    else:
        pairs(schedule_rows(document))


def runs(context: Context, schedule: Reference, limit: Limit = 50, offset: Offset = 0) -> None:
    with Client(context.target) as client:
        schedule_id = find(client, schedule, SCHEDULES).text("schedule_id")
        page = client.get(f"{SCHEDULES.path(schedule_id)}/runs", limit=limit, offset=offset)
    if context.json:
        context.document(page.fields)
        return
    from ccplant_cli.schedules.details import run_row
    from ccplant_cli.tables import table

    rows = [run_row(item) for item in page.each("runs")]
    if not rows:
        note(text("no_runs"))
        return
    table(("id", "tick", "started", "outcome", "duration", "session", "reason"), rows)
    more(page, len(rows), offset)


def preview(
    context: Context,
    cron: Annotated[str, typer.Argument(metavar="CRON", help=text("help.preview_cron"), show_default=False)],
    timezone: Annotated[
        str | None, typer.Option("--timezone", "-z", metavar="ZONE", help=text("help.timezone"))
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=100, help=text("help.count"))] = 5,
    starts_at: Annotated[
        str | None, typer.Option("--starts-at", metavar="TIME", help=text("help.starts_at"))
    ] = None,
    ends_at: Annotated[
        str | None, typer.Option("--ends-at", metavar="TIME", help=text("help.ends_at"))
    ] = None,
) -> None:
    fields = {"cron": cron, "timezone": timezone, "count": count, "starts_at": starts_at, "ends_at": ends_at}
    with Client(context.target) as client:
        answer = client.request("POST", f"{SCHEDULES.root}/preview", body=present(fields))
    if context.json:
        context.document(answer.fields)
        return
    from ccplant_cli.schedules.details import in_words, weekday

    for words in in_words(cron):
        note(words)
    found = list(answer.each("runs"))
    for item in found:
        typer.echo(f"{weekday(item.text('local'))} {item.text('local')}  {item.text('at')}")
    if not found:
        note(text("never_runs"))
