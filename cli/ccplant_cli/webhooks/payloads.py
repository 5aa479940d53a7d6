"""Payloads to try a webhook with: from a file, or the server's own example of an event."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from ccplant_cli.client import Client
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say
from ccplant_cli.webhooks.messages import text

TEST = "/api/v1/webhooks/test"
EXAMPLES = "/api/v1/webhooks/examples"


def read_payload(path: Path) -> bytes:
    """Read a payload as it stands; ``-`` is standard input.

    Raises:
        CliError: it cannot be read, or is no JSON object.
    """
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise CliError(say("error.file", path=path, cause=error), Exit.USAGE) from error
    if not Document.parse(content):
        raise CliError(text("error.payload", path=path), Exit.USAGE)
    return content


def event_for(event: str | None, webhook: Document) -> str:
    """Return the event that is meant: the one that was given, or the only one that the webhook reacts to.

    Raises:
        CliError: it reacts to more than one.
    """
    events = webhook.texts("events")
    if event is None and len(events) != 1:
        raise CliError(text("error.which_event", events=", ".join(events)), Exit.USAGE)
    return event or events[0]


def example_of(client: Client, event: str) -> dict[str, object]:
    """Return the server's example of an event.

    Raises:
        CliError: it has none.
    """
    examples = client.get(EXAMPLES)
    for example in examples.each("examples"):
        if example.text("event") == event:
            return dict(example.inner("payload").fields)
    raise CliError(text("error.no_example", event=event), Exit.NOT_FOUND)


def to_be_sent(example: Mapping[str, object]) -> dict[str, object]:
    """Return an example without the address of its repository, which nobody can clone; pure.

    What it starts gets an empty workspace, unless the webhook names a repository of its own.
    """
    repository = example.get("repository")
    if not isinstance(repository, Mapping):
        return dict(example)
    return {
        **example,
        "repository": {name: value for name, value in repository.items() if name != "clone_url"},
    }
