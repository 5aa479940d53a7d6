"""A dispatch, for people."""

from __future__ import annotations

import re

from rich.text import Text

from ccplant_cli.documents import Document
from ccplant_cli.language import either
from ccplant_cli.outcomes import outcome_of, target
from ccplant_cli.tables import ago, clock
from ccplant_cli.terminal import harmless
from ccplant_cli.trigger_details import Rows

_SHOWN = 60
_MARK = re.compile(r"</?untrusted-[A-Za-z0-9]+>")


def row(dispatch: Document) -> tuple[str | Text, ...]:
    """Return one as a row of the table."""
    return (
        dispatch.text("dispatch_id"),
        source(dispatch),
        outcome_of(dispatch, "state"),
        target(dispatch),
        dispatch.text("session_id") or "-",
        ago(dispatch.time("created_at")),
        beginning(dispatch.text("message")),
    )


def source(dispatch: Document) -> str:
    """Return what it came from."""
    return harmless(f"{dispatch.inner('source').text('kind')} {dispatch.inner('source').text('name')}")


def beginning(message: str) -> str:
    """Return the first line of a message without the marks of what strangers wrote, cut where it is long."""
    if message.startswith("Text between <untrusted-"):
        message = message.partition("\n\n")[2]
    line = harmless(_MARK.sub("", message).strip().split("\n", 1)[0])
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def rows(dispatch: Document) -> Rows:
    """Return the rows that one has."""
    found: Rows = [
        ("id", dispatch.text("dispatch_id")),
        ("outcome", outcome_of(dispatch, "state")),
    ]
    if failure := dispatch.inner("failure"):
        found.append(
            ("reason", f"{harmless(either(failure.inner('message').fields))} ({failure.text('code')})")
        )
    came = dispatch.inner("source")
    found += [("source", f"{source(dispatch)} ({came.text('id')})"), ("target", target(dispatch))]
    found += [
        (shown, document.text(name))
        for document, shown, name in (
            (came, "delivery", "delivery_id"), (came, "run", "run_id"),
            (dispatch, "session", "session_id"), (dispatch, "prompt", "prompt_id"),
        )
        if name in document
    ]  # fmt: skip
    found.append(("created", clock(dispatch.time("created_at"))))
    if "resolved_at" in dispatch:
        found.append(("resolved", clock(dispatch.time("resolved_at"))))
    return found
