"""`webhook test` and `examples`: what would happen with a payload, and why, without anything being started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ccplant_cli.client import Client
from ccplant_cli.command import Context, note
from ccplant_cli.definition import read_definition
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import either
from ccplant_cli.references import find
from ccplant_cli.terminal import harmless
from ccplant_cli.webhooks.kind import WEBHOOKS
from ccplant_cli.webhooks.messages import text
from ccplant_cli.webhooks.payloads import EXAMPLES, TEST, event_for, example_of, read_payload
from ccplant_cli.webhooks.sending import exit_of_outcome


def try_out(
    context: Context,
    webhook: Annotated[
        str | None, typer.Argument(metavar="[WEBHOOK]", help=text("help.test_webhook"), show_default=False)
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", metavar="FILE", help=text("help.test_file"))] = None,
    event: Annotated[str | None, typer.Option("--event", "-e", metavar="EVENT", help=text("help.send_event"))] = None,
    payload: Annotated[
        Path | None, typer.Option("--payload", "-p", metavar="FILE", help=text("help.send_payload"))
    ] = None,
) -> None:  # fmt: skip
    if (webhook is None) == (file is None):
        raise CliError(text("error.webhook_or_file"), Exit.USAGE)
    with Client(context.target) as client:
        body: dict[str, object]
        if file is not None:
            definition = read_definition(file)
            body, known = {"definition": definition}, Document(definition)
        else:
            known = find(client, webhook or "", WEBHOOKS)
            body = {"webhook_id": known.text("webhook_id")}
        body["event"] = event_for(event, known)
        if payload is not None:
            body["payload"] = json.loads(read_payload(payload))
        answer = client.request("POST", TEST, body=body)
    if context.json:
        context.document(answer.fields)
    else:
        _told(answer)
    raise typer.Exit(exit_of_outcome(answer.text("outcome")))


def _told(answer: Document) -> None:
    """Print the verdict first, then every filter, then what the agent would be told."""
    from ccplant_cli.outcomes import badge, target
    from ccplant_cli.tables import console, pairs
    from ccplant_cli.trigger_details import Rows
    from ccplant_cli.webhooks.details import filters

    outcome = answer.text("outcome")
    words = text(f"would.{outcome}") if outcome in ("dispatched", "ignored", "failed") else ""
    verdict = badge(outcome, why=answer.text("reason"), words=words)
    if sentence := either(answer.inner("sentence").fields):
        verdict.append(f"  {harmless(sentence)}")
    console().print(verdict, soft_wrap=True)
    typer.echo()
    filters(tuple(answer.each("filters")))
    rows: Rows = [("target", target(answer))] if "target" in answer else []
    rows += [
        (shown, harmless(answer.text(name)))
        for shown, name in (
            ("session", "session_id"), ("reuse_key", "reuse_key"), ("repository", "repository"),
            ("branch", "branch"),
        )
        if name in answer
    ]  # fmt: skip
    if rows:
        typer.echo()
        pairs(rows)
    if message := answer.text("message"):
        typer.echo(f"\n{harmless(message)}")


def examples(
    context: Context,
    event: Annotated[
        str | None, typer.Argument(metavar="[EVENT]", help=text("help.example_event"), show_default=False)
    ] = None,
) -> None:
    with Client(context.target) as client:
        if event is not None:
            typer.echo(json.dumps(example_of(client, event), ensure_ascii=False, indent=2))
            return
        found = client.get(EXAMPLES)
    if context.json:
        context.document(found.fields)
        return
    for example in found.each("examples"):
        typer.echo(example.text("event"))
    note(text("examples_more"))
