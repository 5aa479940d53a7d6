"""The recorded conversation as people read it: the same signs as in a chat."""

from __future__ import annotations

from ccplant_cli.chat.screen import Screen
from ccplant_cli.chat.transcript import Item, Noticed, PlanSeen, Said, ToolSeen, TurnSeen, tool_detail
from ccplant_cli.documents import Document
from ccplant_cli.language import say


def item_of(entry: Document) -> Item | None:
    """Return what an entry of the conversation looks like; None: nothing to see."""
    match entry.text("type"):
        case "message":
            voice = "user" if entry.text("role") == "user" else "agent"
            return Said(
                "user" if voice == "user" else "agent",
                entry.text("message_id"),
                entry.text("text") + "".join(_attached(file) for file in entry.each("attachments")),
                final=True,
            )
        case "thought":
            return Said("thought", entry.text("message_id"), entry.text("text"), final=True)
        case "tool":
            return ToolSeen(
                entry.text("title") or entry.text("name"), entry.text("status"), tool_detail(entry)
            )
        case "plan":
            return PlanSeen(
                tuple((step.text("status"), step.text("content")) for step in entry.each("entries"))
            )
        case "turn":
            return TurnSeen(entry.text("prompt_id"), entry.text("state"), entry.text("error"))
        case "permission":
            answer = entry.inner("resource").inner("answer").text("kind") or entry.text("state")
            return Noticed("info", say("history.permission", title=entry.text("title"), answer=answer or "?"))
        case "notice":
            return Noticed(entry.text("level", "info"), entry.text("message"))
        case _:
            return None


def _attached(file: Document) -> str:
    return f"\n[{file.text('name')}: {file.integer('size_bytes')} B, {file.text('media_type')}]"


def show_entry(entry: Document) -> None:
    """Write one entry."""
    item = item_of(entry)
    if item is not None:
        import sys

        # All of it is the result here, so all of it goes where results go.
        Screen(words=sys.stdout, notes=sys.stdout).show(item)
