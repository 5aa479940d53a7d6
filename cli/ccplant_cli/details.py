"""A session in full, for people (S5, S9): what its status makes worth knowing comes first."""

from __future__ import annotations

from rich.text import Text

from ccplant_cli.documents import Document
from ccplant_cli.language import either, say
from ccplant_cli.provider_wait import told
from ccplant_cli.tables import clock, duration, pairs, status, usage
from ccplant_cli.terminal import harmless

_LOG_LINES = 5
_FINAL = ("completed", "failed", "terminated")


def rows_of(session: Document) -> list[tuple[str, str | Text]]:
    """Return the rows that a session has."""
    state = session.text("status")
    rows: list[tuple[str, str | Text]] = [
        ("id", session.text("session_id")),
        ("name", harmless(session.text("name"))),
        ("status", status(session)),
    ]
    if status_words := either(session.inner("status_message").fields):
        rows.append(("reason", f"{harmless(status_words)} ({session.text('status_reason')})"))
    diagnosis = session.inner("diagnosis")
    if diagnosis:
        if (cause := either(diagnosis.inner("message").fields)) != status_words:
            rows.append(("diagnosis", harmless(cause)))
        rows.append(("hint", harmless(either(diagnosis.inner("hint").fields))))
    rows.append(("created", clock(session.time("created_at"))))
    if state == "running":
        rows.append(("uptime", duration(session.number("uptime_seconds"))))
    if state in _FINAL:
        rows.append(("run_time", duration(session.number("run_seconds"))))
        rows.append(("ended", clock(session.time("ended_at"))))
    if "deleted_at" in session:
        rows.append(("deleted", clock(session.time("deleted_at"))))
    if state not in _FINAL:
        rows.append(("deadline", clock(session.time("deadline_at")) if "deadline_at" in session else "-"))
        rows.append(("connection", session.text("connection_url")))
    resources = session.inner("resources")
    enforced = "" if resources.flag("limits_enforced") else f" ({say('show.not_enforced')})"
    rows.append(("resources", usage(resources) + enforced))
    rows.extend(_agent(session))
    if "repository" in session:
        branch = session.text("branch")
        rows.append(("repository", session.text("repository") + (f" ({branch})" if branch else "")))
    rows.append(
        (
            "pod",
            f"{session.text('pod_name')} ({session.text('namespace')}) {session.inner('pod_status').text('phase')}",
        )
    )
    for server in session.each("mcp_servers"):
        error = f": {harmless(server.text('error'))}" if "error" in server else ""
        rows.append(("mcp", f"{server.text('name')} {server.text('state')}{error}"))
    tokens = session.inner("token_usage")
    if tokens:
        rows.append(("tokens", f"{tokens.integer('input_tokens')} in, {tokens.integer('output_tokens')} out"))
    log = diagnosis.inner("evidence").texts("log_tail")
    if state == "failed" and log:
        rows.append(("log", harmless("\n".join(log[-_LOG_LINES:]))))
    labels = session.inner("labels")
    if labels:
        rows.append(("labels", ", ".join(f"{name}={value}" for name, value in labels.fields.items())))
    return rows


def _agent(session: Document) -> list[tuple[str, str | Text]]:
    agent = session.inner("agent")
    name = agent.text("name") or session.inner("config").text("agent") or "-"
    state = session.text("agent_state")
    version = f" {agent.text('version')}" if "version" in agent else ""
    rows: list[tuple[str, str | Text]] = [("agent", name + version + (f" [{state}]" if state else ""))]
    if wait := session.inner("provider_wait"):
        rows.append(("provider", told(wait)))
    return rows


def details(session: Document) -> None:
    """Print a session in full."""
    pairs(rows_of(session))
