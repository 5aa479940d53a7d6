"""The page of the command line: what holds for all commands, and each command's own `--help`."""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ["LC_ALL"] = "C"  # the page is in English whoever makes it

import typer
from typer.core import TyperCommand, TyperGroup

from ccplant_cli.exits import Exit
from ccplant_cli.main import app

INTRODUCTION = """# The command line

`ccplant` talks to a server over its REST and WebSocket API, and `ccplant up` is a server: the whole system on one machine.
It speaks Japanese where the locale does, else English; this page shows the English.

## Which server, and who you are

In this order: `--url` and `--token` (or `--token-file`); the environment's `CCPLANT_URL` and `CCPLANT_TOKEN`; what a running
`ccplant up` has left in its data directory (`connection.json`, readable by you alone). The token of that file is sent to
that server and to no other address.

A token in an argument can be read by everybody on the machine: prefer `CCPLANT_TOKEN` or `--token-file`.

## Sessions, webhooks, schedules

`SESSION`, `WEBHOOK` and `SCHEDULE` are an id, a name, or the beginning of either. A beginning that fits two is an error that
names them. Among sessions of one name, the one that is not over is meant.

`webhook create`, `webhook edit`, `schedule create` and `schedule edit` take a definition from a file (`--file`), whose
fields are those of the [API](api.md), and options win over it. `show --definition` prints such a file. What they are for:
[webhooks](webhooks.md), [schedules](schedules.md).

```yaml
name: review
events: [pull_request]
actions: [opened, synchronize]
condition: not pull_request.draft
reuse_session: true
reuse_key: "{{ pull_request.html_url }}"
message: |
  Review {{ pull_request.html_url }}: {{ pull_request.title }}
config: {memory_limit: 4Gi, timeout_minutes: 120}
```

In YAML, a word is true, false, nothing or a number only where it would be one in JSON; all else is a text. What begins
with `*` or `{` needs quotes: `cron: "*/5 * * * *"`.

## Output

Results go to stdout, everything else to stderr: `id=$(ccplant session create)` and
`ccplant session chat review < prompts.txt > answers.txt` do what they look like. `--json` gives programs the API's own
documents: one object, or one per line where there are many (`session messages`, `events`, and `--follow`, which prints each
[frame](concepts.md#stream-and-state) but no previews). Errors are then JSON on stderr too. What comes from an
agent is printed without characters that would command the terminal.

## Chat

At a terminal, `ccplant session chat` streams text as it comes and shows tool calls, the plan and permission requests. A
permission is chosen by its number; Enter alone, or anything else, chooses nothing. Ctrl-C cancels the turn, a second one
leaves; leaving never ends the session. The chat itself takes `/cancel`, `/status`, `/quit` and `/help`; the rest goes to the
agent. A `\\` at the end of a line continues it on the next.

Where standard input is no terminal, each line is a prompt. It is sent when the turn before it has ended as done; the
exit code tells how the last one ended. Permission requests are told on stderr and wait for `ccplant session answer`, another
viewer, or their time limit, which means rejected.

A broken connection is made again, with growing pauses, from the last event that was seen: nothing is lost or shown twice.

## Exit codes

"""

MEANINGS: dict[Exit, str] = {
    Exit.OK: "Done. With `--follow`, or in a chat from a pipe: the turn is done.",
    Exit.FAILED: "It failed: the turn, the session, or the server.",
    Exit.USAGE: "The command line or the request is wrong; a reference that fits two things.",
    Exit.NOT_FOUND: "There is no such thing, or it belongs to somebody else.",
    Exit.UNAUTHORISED: "No token, a wrong one, or not allowed.",
    Exit.CONFLICT: "Not possible in this state.",
    Exit.UNREACHABLE: "No server answers.",
    Exit.TRY_LATER: "Not ready yet, or a limit is reached: try again later.",
    Exit.NOT_DONE: "The turn was interrupted, cancelled, or never delivered; a webhook's test or delivery is ignored.",
    Exit.TIMED_OUT: "`--wait` waited as long as it was told to.",
    Exit.INTERRUPTED: "Ctrl-C.",
}


def _commands(
    command: object, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], TyperCommand | TyperGroup]]:
    if isinstance(command, TyperGroup):
        yield path, command
        context = typer.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            yield from _commands(command.get_command(context, name), (*path, name))
    elif isinstance(command, TyperCommand):
        yield path, command


def page() -> str:
    """Return the page."""
    codes = [f"| {int(code)} | {MEANINGS[code]} |" for code in Exit]
    parts = [INTRODUCTION + "\n".join(["| code | meaning |", "| --- | --- |", *codes])]
    for path, command in _commands(typer.main.get_command(app), ("ccplant",)):
        context = typer.Context(command, info_name=" ".join(path), terminal_width=100, max_content_width=100)
        parts.append(f"## {' '.join(path)}\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(parts) + "\n"
