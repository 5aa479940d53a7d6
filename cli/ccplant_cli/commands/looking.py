"""`session list`, `show`, `messages` and `logs`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.commands.arguments import Limit, Offset, Reference, more
from ccplant_cli.documents import Document
from ccplant_cli.language import either, say
from ccplant_cli.references import find, path_of
from ccplant_cli.terminal import harmless


class Status(StrEnum):
    """As the API names them."""

    ALL = "all"
    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TERMINATED = "terminated"
    ENDED = "ended"


class Sort(StrEnum):
    """As the API names them."""

    STARTED_AT = "started_at"
    UPDATED_AT = "updated_at"


class Order(StrEnum):
    """As the API names them."""

    ASC = "asc"
    DESC = "desc"


def list_sessions(
    context: Context,
    status: Annotated[Status, typer.Option("--status", help=say("help.list.status"))] = Status.ALL,
    sort: Annotated[Sort, typer.Option("--sort", help=say("help.list.sort"))] = Sort.STARTED_AT,
    order: Annotated[Order, typer.Option("--order", help=say("help.list.order"))] = Order.DESC,
    limit: Limit = 50,
    offset: Offset = 0,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", help=say("help.list.search"))
    ] = None,
    include_deleted: Annotated[
        bool, typer.Option("--include-deleted", help=say("help.list.include_deleted"))
    ] = False,
) -> None:
    with Client(context.target) as client:
        page = client.get(
            "/api/v1/sessions", status=status.value, sort=sort.value, order=order.value, limit=limit, offset=offset,
            q=search, include_deleted=include_deleted or None,
        )  # fmt: skip
    if context.json:
        context.document(page.fields)
        return
    from ccplant_cli.tables import ago, table, usage
    from ccplant_cli.tables import status as badge

    rows = [
        (
            session.text("session_id"),
            harmless(session.text("name")),
            badge(session),
            ago(session.time("created_at")),
            ago(session.time("updated_at")),
            usage(session.inner("resources")) if session.text("status") == "running" else "-",
        )
        for session in page.each("sessions")
    ]
    if not rows:
        note(say("list.empty"))
        return
    table(("id", "name", "status", "created", "updated", "resources"), rows)
    more(page, len(rows), offset)


def show(context: Context, session: Reference) -> None:
    with Client(context.target) as client:
        document = find(client, session)
    if context.json:
        context.document(document.fields)
        return
    from ccplant_cli.details import details

    details(document)


def messages(
    context: Context,
    session: Reference,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10_000, help=say("help.messages.limit"))
    ] = 10_000,
) -> None:
    with Client(context.target) as client:
        session_id = find(client, session).text("session_id")
        if context.json:
            for entry in _entries(client, session_id, limit):
                context.line(entry.fields)
            return
        from ccplant_cli.history import show_entry

        count = 0
        for entry in _entries(client, session_id, limit):
            show_entry(entry)
            count += 1
    if not count:
        note(say("messages.empty"))


def _entries(client: Client, session_id: str, limit: int) -> Iterator[Document]:
    """Go over the conversation from its beginning, page by page."""
    cursor: str | None = None
    left = limit
    while left > 0:
        page = client.get(f"{path_of(session_id)}/messages", limit=min(left, 200), cursor=cursor)
        entries = list(page.each("messages"))
        yield from entries
        left -= len(entries)
        cursor = page.text("next_cursor")
        if not cursor or not page.flag("has_more"):
            return


def logs(
    context: Context,
    session: Reference,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=2_000, help=say("help.logs.lines"))] = 200,
) -> None:
    with Client(context.target) as client:
        document = find(client, session)
        answer = client.get(f"{path_of(document.text('session_id'))}/logs", tail=lines)
    if context.json:
        context.document(answer.fields)
        return
    found = answer.texts("lines")
    for line in found:
        typer.echo(harmless(line))
    if not found:
        told = either(document.inner("status_message").fields)
        note(say("logs.empty") + (f" {told}" if told else ""))
