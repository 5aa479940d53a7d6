"""`ccplant health`: whether the server can serve, part by part; needs no token."""

from __future__ import annotations

import typer

from ccplant_cli.command import Context, note, remote
from ccplant_cli.connection import Target
from ccplant_cli.documents import Document
from ccplant_cli.exits import Exit
from ccplant_cli.language import say

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_NOT_PARTS = ("status", "timestamp", "version", "parts")


def read(target: Target) -> tuple[bool, Document]:
    """Ask for the health; an answer of 503 is an answer too.

    Raises:
        CliError: nobody answers.
    """
    import httpx

    from ccplant_cli.client import TIMEOUT, refusal, tls, unreachable

    try:
        with httpx.Client(
            base_url=target.url, timeout=TIMEOUT, verify=tls(target.url), trust_env=not target.loopback
        ) as http:
            answer = http.get("/health")
    except httpx.HTTPError as error:
        raise unreachable(target, error) from error
    document = Document.parse(answer.content)
    if "status" not in document:
        raise refusal(
            answer.status_code, answer.content, answer.headers.get("X-Request-Id", ""), with_token=True
        )
    return answer.is_success, document


def health(context: Context) -> None:
    well, document = read(context.target)
    if context.json:
        context.document(document.fields)
    else:
        typer.echo(f"{context.target.url}  {document.text('status')}  {document.text('version')}")
        parts = document.inner("parts").fields or {
            name: value for name, value in document.fields.items() if name not in _NOT_PARTS
        }
        for name, value in parts.items():
            part = Document.of(value)
            state = part.text("status") if part else str(value)
            detail = part.text("error") or part.text("detail") or part.text("message")
            typer.echo(f"  {name:<14}{state}" + (f"  {detail}" if detail else ""))
    if not well:
        note(say("health.not_serving"))
        raise typer.Exit(Exit.FAILED)


app.command("health", help=say("help.health"))(remote(health))
