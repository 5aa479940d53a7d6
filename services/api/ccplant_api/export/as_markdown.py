"""A conversation as Markdown: what was said as it was said, and around it only what a reader needs.

Titles and names come from agents and repositories; they are put into one line and cannot be markup. What tools printed is
fenced by more backticks than it has itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

from ccplant_contracts.attachment import AttachmentRef
from ccplant_contracts.base import rfc3339
from ccplant_contracts.conversation import (
    ConversationEntry,
    ExportHead,
    MessageEntry,
    NoticeEntry,
    PermissionEntry,
    PlanSnapshot,
    ThoughtEntry,
    ToolEntry,
    TurnEntry,
)
from ccplant_contracts.prompt import PromptResource
from ccplant_contracts.stream import ToolContent

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_RUNS = re.compile(r"`+")
_DONE = {"completed": "x", "in_progress": "~", "pending": " "}


async def as_markdown(
    head: ExportHead, entries: AsyncIterator[ConversationEntry], unseen: tuple[PromptResource, ...]
) -> AsyncIterator[str]:
    """Yield the document's parts."""
    yield _head(head)
    async for entry in entries:
        part = part_of(entry, head.session.user)
        if part:
            yield f"\n{part}\n"
    for prompt in unseen:
        title = f"## {one_line(prompt.by)} · {rfc3339(prompt.created_at)} · {prompt.state.value}"
        yield f"\n{title}\n\n{prompt.text}\n{_files(prompt.attachments)}"


def _head(head: ExportHead) -> str:
    session = head.session
    facts = [
        ("Session", session.session_id),
        ("Owner", session.user),
        ("Repository", " · ".join(filter(None, (session.repository, session.branch)))),
        ("Agent", session.agent or ""),
        ("Status", f"{session.status.value} ({session.status_reason.value})"),
        ("Created", rfc3339(session.created_at)),
        ("Ended", "" if session.ended_at is None else rfc3339(session.ended_at)),
        ("Exported", rfc3339(head.exported_at)),
    ]
    lines = [f"- {name}: {one_line(value)}" for name, value in facts if value]
    return f"# {one_line(session.name)}\n\n" + "\n".join(lines) + "\n"


def part_of(entry: ConversationEntry, user: str) -> str:
    """Return one entry; empty where a reader would miss nothing. Pure."""
    match entry:
        case MessageEntry():
            who = one_line(user) if entry.role == "user" else "Agent"
            unfinished = "" if entry.complete else "\n\n*(unfinished)*"
            return f"## {who} · {rfc3339(entry.at)}\n\n{entry.text}{unfinished}{_files(entry.attachments)}"
        case ThoughtEntry():
            return "> *Thought*\n>\n" + "\n".join(f"> {line}" for line in entry.text.splitlines())
        case ToolEntry():
            return _tool(entry)
        case PlanSnapshot():
            steps = (f"- [{_DONE[step.status]}] {one_line(step.content)}" for step in entry.entries)
            return "### Plan\n\n" + "\n".join(steps)
        case TurnEntry():
            if entry.state in ("started", "done"):
                return ""
            why = one_line(entry.error or entry.stop_reason or "")
            return f"*The turn ended: {entry.state}{f' ({why})' if why else ''}.*"
        case PermissionEntry():
            return _permission(entry)
        case NoticeEntry():
            return f"*{entry.level.capitalize()}: {one_line(entry.message)}*"


def _tool(entry: ToolEntry) -> str:
    parts = [f"### {one_line(entry.title)} · {entry.status}"]
    if entry.input:
        parts.append(fenced(json.dumps(entry.input, ensure_ascii=False, indent=1), "json"))
    parts += [_content(content) for content in entry.content]
    return "\n\n".join(part for part in parts if part)


def _content(content: ToolContent) -> str:
    cut = f"\n\n*(cut; the whole is blob {content.blob_id or 'not kept'})*" if content.truncated else ""
    if content.kind == "diff":
        old = "".join(f"-{line}\n" for line in (content.old_text or "").splitlines())
        new = "".join(f"+{line}\n" for line in (content.new_text or "").splitlines())
        return f"`{(content.path or '').replace('`', '')}`\n\n" + fenced(old + new, "diff") + cut
    return fenced(content.text, "text") + cut if content.text else cut.strip()


def _permission(entry: PermissionEntry) -> str:
    answer = None if entry.resource is None else entry.resource.answer
    state = entry.state.value if entry.state is not None else "unknown"
    by = "" if answer is None else f", {answer.kind} by {one_line(answer.by)}"
    return f"**Permission:** {one_line(entry.title)} — {state}{by}"


def _files(files: tuple[AttachmentRef, ...]) -> str:
    if not files:
        return ""
    lines = (
        f"- {one_line(file.name)} ({one_line(file.media_type)}, {file.size_bytes:,} bytes)" for file in files
    )
    return "\n\nFiles:\n\n" + "\n".join(lines) + "\n"


def one_line(text: str) -> str:
    """Return a text as one line that is no markup; pure."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def fenced(text: str, language: str) -> str:
    """Return a text in a fence that nothing in it can end; pure."""
    longest = max((len(run) for run in _RUNS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"
