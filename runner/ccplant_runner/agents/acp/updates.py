"""Reads the protocol's `session/update` from raw JSON, and keeps each tool call whole.

Raw on purpose: an agent newer than the library sends kinds that the library's schema refuses; what is not understood here is
passed over, and the rest goes on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, cast

from ccplant_contracts.session import TokenUsage
from ccplant_contracts.stream import PlanEntry, Tool, ToolContent
from ccplant_runner.agents.driver import AgentUpdate, PlanChanged, TextSaid, ToolChanged, UsageChanged

_MAX_CALLS = 500
_STATUSES = ("pending", "in_progress", "completed", "failed")

Json = Mapping[str, Any]


class UpdateReader:
    """Turns updates into what the runner understands."""

    def __init__(self, tool_name: Callable[[Json], str | None]) -> None:
        self._tool_name = tool_name
        self._calls: OrderedDict[str, Tool] = OrderedDict()
        self._usage = TokenUsage()

    def call(self, call_id: str) -> Tool | None:
        """Return a tool call as it stands."""
        return self._calls.get(call_id)

    def read(self, update: Json) -> list[AgentUpdate]:
        """Read one update; empty where it says nothing to us."""
        match update.get("sessionUpdate"):
            case "agent_message_chunk":
                return self._text(update, "message")
            case "agent_thought_chunk":
                return self._text(update, "thought")
            case "tool_call" | "tool_call_update":
                tool = self.merge(update)
                return [] if tool is None else [ToolChanged(tool)]
            case "plan":
                return [PlanChanged(tuple(_plan(update.get("entries"))))]
            case "usage_update":
                return [UsageChanged(self._context(update))]
        return []

    def merge(self, update: Json) -> Tool | None:
        """Put what is new into a tool call: absent fields keep their value."""
        call_id = update.get("toolCallId")
        if not isinstance(call_id, str):
            return None
        old = self._calls.get(call_id) or Tool(tool_call_id=call_id, title="", status="pending")
        changes: dict[str, Any] = {}
        if isinstance(update.get("title"), str):
            changes["title"] = update["title"]
        if isinstance(update.get("kind"), str):
            changes["kind"] = update["kind"]
        if update.get("status") in _STATUSES:
            changes["status"] = update["status"]
        if isinstance(update.get("rawInput"), dict):
            changes["input"] = update["rawInput"]
        if isinstance(update.get("content"), list):
            changes["content"] = tuple(_contents(update["content"]))
        elif not old.content and "rawOutput" in update:
            changes["content"] = tuple(_raw_output(update["rawOutput"]))
        if isinstance(update.get("locations"), list):
            changes["locations"] = tuple(_paths(update["locations"]))
        meta = update.get("_meta")
        name = self._tool_name(meta) if isinstance(meta, dict) else None
        if name is not None:
            changes["name"] = name
        tool = old.model_copy(update=changes)
        self._calls[call_id] = tool
        self._calls.move_to_end(call_id)
        while len(self._calls) > _MAX_CALLS:
            self._calls.popitem(last=False)
        return tool

    def turn_usage(self, result: Json) -> list[AgentUpdate]:
        """Add what the answer to a prompt says about its tokens."""
        usage = result.get("usage")
        if not isinstance(usage, dict):
            return []
        old = self._usage
        self._usage = old.model_copy(
            update={
                "input_tokens": old.input_tokens + _count(usage, "inputTokens"),
                "output_tokens": old.output_tokens + _count(usage, "outputTokens"),
                "cache_read_tokens": old.cache_read_tokens + _count(usage, "cachedReadTokens"),
                "cache_write_tokens": old.cache_write_tokens + _count(usage, "cachedWriteTokens"),
            }
        )
        return [UsageChanged(self._usage)]

    def _context(self, update: Json) -> TokenUsage:
        changes: dict[str, Any] = {}
        if isinstance(update.get("used"), int):
            changes["context_used"] = update["used"]
        if isinstance(update.get("size"), int):
            changes["context_size"] = update["size"]
        cost = update.get("cost")
        if (
            isinstance(cost, dict)
            and cost.get("currency") == "USD"
            and isinstance(cost.get("amount"), int | float)
        ):
            changes["cost_usd"] = float(cost["amount"])
        self._usage = self._usage.model_copy(update=changes)
        return self._usage

    @staticmethod
    def _text(update: Json, kind: Literal["message", "thought"]) -> list[AgentUpdate]:
        content = update.get("content")
        text = _block_text(content) if isinstance(content, dict) else None
        message_id = update.get("messageId")
        if not text:
            return []
        return [TextSaid(text, kind, message_id if isinstance(message_id, str) else None)]


def _count(usage: Json, field: str) -> int:
    value = usage.get(field)
    return value if isinstance(value, int) and value > 0 else 0


def _plan(entries: object) -> Iterable[PlanEntry]:
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("status") in ("pending", "in_progress", "completed"):
            priority = entry.get("priority")
            yield PlanEntry(
                content=str(entry.get("content", "")),
                status=entry["status"],
                priority=priority if isinstance(priority, str) else None,
            )


def _contents(items: list[object]) -> Iterable[ToolContent]:
    for item in items:
        if not isinstance(item, dict):
            continue
        match item.get("type"):
            case "content":
                block = item.get("content")
                text = _block_text(block) if isinstance(block, dict) else None
                if text is not None:
                    yield ToolContent(kind="text", text=text)
            case "diff":
                yield ToolContent(
                    kind="diff",
                    path=str(item.get("path", "")),
                    old_text=_optional_text(item.get("oldText")),
                    new_text=_optional_text(item.get("newText")),
                )


def _raw_output(output: object) -> Iterable[ToolContent]:
    if isinstance(output, str) and output:
        yield ToolContent(kind="text", text=output)
    elif isinstance(output, list):
        for block in output:
            text = _block_text(block) if isinstance(block, dict) else None
            if text:
                yield ToolContent(kind="text", text=text)


def _block_text(block: Json) -> str | None:
    match block.get("type"):
        case "text":
            return cast("str", block["text"]) if isinstance(block.get("text"), str) else None
        case "resource_link":
            return str(block.get("uri", ""))
        case "resource":
            resource = block.get("resource")
            return _optional_text(resource.get("text")) if isinstance(resource, dict) else None
        case "image" | "audio":
            return f"[{block['type']}]"
    return None


def _optional_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _paths(locations: list[object]) -> Iterable[str]:
    for location in locations:
        if isinstance(location, dict) and isinstance(location.get("path"), str):
            yield location["path"]
