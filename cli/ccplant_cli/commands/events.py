"""`ccplant events`: lifecycle events as they happen, resumed where a connection broke (`Last-Event-ID`); and again."""

from __future__ import annotations

import inspect
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from ccplant_cli.client import headers, refusal, tls, unreachable
from ccplant_cli.command import Context, note, remote
from ccplant_cli.connection import Target
from ccplant_cli.documents import Document
from ccplant_cli.language import say

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_SILENCE = 45.0
"""Seconds without even a heartbeat (they come every 15) after which a connection counts as dead."""
_TRIES = 20
_LONGEST = 8.0
_LATER = (429, 502, 503, 504)


def stream(target: Target, path: str) -> Iterator[Document]:
    """Yield events for ever, across connections.

    Raises:
        CliError: nobody answers for a while, or the server refuses.
    """
    import httpx
    from httpx_sse import EventSource

    last_id, failures, connected = "", 0, False
    timeout = httpx.Timeout(30.0, connect=5.0, read=_SILENCE)
    with httpx.Client(
        base_url=target.url, timeout=timeout, verify=tls(target.url), trust_env=not target.loopback
    ) as http:
        while True:
            asked = (
                headers(target)
                | {"Accept": "text/event-stream"}
                | ({"Last-Event-ID": last_id} if last_id else {})
            )
            began = time.monotonic()
            try:
                with http.stream("GET", path, headers=asked) as answer:
                    if not answer.is_success:
                        request_id = answer.headers.get("X-Request-Id", "")
                        error = refusal(
                            answer.status_code, answer.read(), request_id, with_token=bool(target.token)
                        )
                        if answer.status_code not in _LATER or failures >= _TRIES:
                            raise error
                    else:
                        connected = True
                        for event in EventSource(answer).iter_sse():
                            failures, last_id = 0, event.id or last_id
                            if document := Document.parse(event.data):
                                yield document
            except httpx.HTTPError as error:
                if not connected or failures >= _TRIES:
                    raise unreachable(target, error) from error
            # A connection that only ever opens is no success; one that was quiet for a while is.
            failures = 1 if time.monotonic() - began > _SILENCE else failures + 1
            if failures > _TRIES:
                raise unreachable(target, ConnectionError(say("error.server_away")))
            if failures == 1:
                note(say("events.again"))
            time.sleep(random.uniform(0.05, min(_LONGEST, 0.25 * 2 ** min(failures, 10))))


def line_of(event: Document) -> str:
    """Return an event as one line for people."""
    from ccplant_cli.terminal import harmless

    moment = event.time("time")
    at = "" if moment is None else moment.astimezone().strftime("%H:%M:%S")
    data = event.inner("data")
    facts = [
        f"{name}={value}"
        for name in ("reason", "state", "prompt_id", "permission_id", "kind")
        if isinstance(value := data.fields.get(name), str)
    ]
    kind = event.text("type").removeprefix("ccplant.")
    session = event.text("session_id") or event.text("subject")
    return harmless("  ".join((at, f"{kind:<22}", session, *facts))).replace("\n", " ")


def events(
    context: Context,
    session: Annotated[
        str | None, typer.Option("--session", metavar="SESSION", help=say("help.events.session"))
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help=say("help.events.type"))
    ] = None,
) -> None:
    only: str | None = None
    if session is not None:
        from ccplant_cli.client import Client
        from ccplant_cli.references import find

        with Client(context.target) as client:
            only = find(client, session).text("session_id")
    if not context.json and sys.stdout.isatty():
        note(say("events.hello"))
    for event in stream(context.target, "/api/v1/events"):
        if only is not None and only not in (event.text("session_id"), event.text("subject")):
            continue
        if kind and event.text("type").removeprefix("ccplant.") not in kind:
            continue
        text = json.dumps(event.fields, ensure_ascii=False) if context.json else line_of(event)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def republish(
    context: Context,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help=say("help.events.since"))],
) -> None:
    from ccplant_cli.client import Client

    with Client(context.target) as client:
        done = client.post("/api/v1/events/republish", {"since": since})
    if context.json:
        context.document(done.fields)
    else:
        note(say("events.republished", count=done.integer("events"), since=done.text("since")))


def _group(follow: Callable[..., None]) -> Callable[..., None]:
    """Make a group of a command: it does what it did, unless another one is asked for by name."""

    def group(ctx: typer.Context, **given: object) -> None:
        if ctx.invoked_subcommand is None:
            follow(**given)

    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    own = inspect.signature(follow).parameters.values()
    group.__signature__ = inspect.Signature([context, *own])  # type: ignore[attr-defined]
    group.__annotations__ = {"ctx": typer.Context, **follow.__annotations__}
    return group


app.callback(invoke_without_command=True, help=say("help.events"))(_group(remote(events)))
app.command("republish", help=say("help.events.republish"))(remote(republish))
