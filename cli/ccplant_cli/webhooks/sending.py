"""`webhook send`: a delivery as GitHub would make it, signed on this machine, and what came of it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Annotated

import httpx
import typer

from ccplant_cli.client import TIMEOUT, Client, refusal, tls, unreachable
from ccplant_cli.command import Context, note
from ccplant_cli.connection import Target
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say
from ccplant_cli.outcomes import outcome_of, reason
from ccplant_cli.references import find
from ccplant_cli.terminal import harmless
from ccplant_cli.webhooks.delivery import Delivery
from ccplant_cli.webhooks.kind import WEBHOOKS, Reference, deliveries_path
from ccplant_cli.webhooks.messages import text
from ccplant_cli.webhooks.payloads import event_for, example_of, read_payload, to_be_sent
from ccplant_cli.webhooks.secrets import read_secret

_POLL = 0.2


def send(
    context: Context,
    webhook: Reference,
    event: Annotated[str | None, typer.Option("--event", "-e", metavar="EVENT", help=text("help.send_event"))] = None,
    payload: Annotated[
        Path | None, typer.Option("--payload", "-p", metavar="FILE", help=text("help.send_payload"))
    ] = None,
    secret_file: Annotated[
        Path | None, typer.Option("--secret-file", metavar="FILE", help=text("help.send_secret"))
    ] = None,
    delivery: Annotated[str, typer.Option("--delivery", metavar="ID", help=text("help.send_delivery"))] = "",
    form: Annotated[bool, typer.Option("--form", help=text("help.send_form"))] = False,
    to: Annotated[str | None, typer.Option("--to", metavar="URL", help=text("help.send_to"))] = None,
    wait_timeout: Annotated[
        float, typer.Option("--wait-timeout", metavar="SECONDS", min=0, help=text("help.send_wait"))
    ] = 15,
) -> None:  # fmt: skip
    if payload is not None and str(payload) == "-" and str(secret_file) == "-":
        raise CliError(text("error.stdin_twice"), Exit.USAGE)
    with Client(context.target) as client:
        document = find(client, webhook, WEBHOOKS)
        name = event_for(event, document)
        content = (
            read_payload(payload) if payload else json.dumps(to_be_sent(example_of(client, name))).encode()
        )
        secret = read_secret(secret_file, os.environ)
        sent = Delivery(name, content, as_form=form, number=delivery)
        answer = _posted(to or document.text("delivery_url"), sent, secret, document)
        path = deliveries_path(document.text("webhook_id"), answer.text("delivery_id"))
        found = _end_of(client, path, time.monotonic() + wait_timeout)
    _told(context, found, again=answer.flag("duplicate"))
    # to be answered is all that a ping is for
    raise typer.Exit(Exit.OK if name == "ping" else exit_of_outcome(found.text("outcome")))


def _posted(url: str, sent: Delivery, secret: str, webhook: Document) -> Document:
    try:
        return post(url, sent, secret)
    except CliError as error:
        # The receiver does not say so, because it tells strangers nothing.
        if error.code is Exit.NOT_FOUND and not webhook.flag("enabled"):
            error.hint = text("hint.disabled", id=webhook.text("webhook_id"))
        raise


def post(url: str, sent: Delivery, secret: str) -> Document:
    """Send it, once, without any credential but the signature.

    Raises:
        CliError: nobody answers, or it was refused.
    """
    target = Target(url=url, token=None, local=False)
    try:
        answer = httpx.post(
            url, content=sent.body(), headers=sent.headers(secret), timeout=TIMEOUT, verify=tls(url),
            trust_env=not target.loopback,
        )  # fmt: skip
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(target, error) from error
    if not answer.is_success:
        refused = refusal(
            answer.status_code, answer.content, answer.headers.get("X-Request-Id", ""), with_token=True
        )
        refused.hint = text("hint.secret") if answer.status_code == 401 else ""
        raise refused
    return Document.parse(answer.content)


def _end_of(client: Client, path: str, end: float) -> Document:
    """Return the delivery once it is known what became of it, or as it is when there was no more time."""
    while True:
        found = client.get(path, payload=False)
        if found.text("outcome") != "processing" or time.monotonic() >= end:
            return found
        time.sleep(_POLL)


def exit_of_outcome(outcome: str) -> Exit:
    """Return the exit code of what became, or would become, of a delivery."""
    if outcome == "failed":
        return Exit.FAILED
    return Exit.NOT_DONE if outcome in ("ignored", "cancelled") else Exit.OK


def _told(context: Context, answer: Document, *, again: bool) -> None:
    if context.json:
        context.document(answer.fields)
        return
    typer.echo(answer.text("delivery_id"))
    if again:
        note(text("came_before"))
    note(outcome_of(answer).plain)
    if why := reason(answer):
        note(harmless(why))
    if session := answer.text("session_id"):
        note(say("trigger.went_to", session=session))
