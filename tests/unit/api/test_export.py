"""A conversation as a file: every entry once, never all of them in memory, nothing that can pass for something else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from ccplant_api.export.as_json import as_json
from ccplant_api.export.as_markdown import as_markdown, fenced, one_line
from ccplant_api.export.reading import PAGE, read_conversation
from ccplant_contracts.attachment import AttachmentRef
from ccplant_contracts.conversation import (
    ConversationEntry,
    ConversationExport,
    ExportedSession,
    ExportHead,
    MessageEntry,
)
from ccplant_contracts.status import Reason, Status
from ccplant_contracts.stream import (
    MessageChunk,
    Notice,
    Plan,
    PlanEntry,
    StreamData,
    StreamEvent,
    ThoughtChunk,
    Tool,
    ToolContent,
    Turn,
)
from ccplant_store.permissions.model import PermissionDoc

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
HEAD = ExportHead(
    session=ExportedSession(
        session_id="session-ada-1", name="# fix\nit", user="ada", status=Status.TERMINATED,
        status_reason=Reason.STOPPED, repository="https://example.com/a_b.git", branch="main", agent="demo",
        created_at=NOW, ended_at=NOW,
    ),
    exported_at=NOW,
    last_seq=9,
)  # fmt: skip
FILE = AttachmentRef(attachment_id="att-1", name="a<b>.txt", media_type="text/plain", size_bytes=1_234)


class Stored:
    """A stored stream that notes how much of it was asked for at once."""

    def __init__(self, data: Sequence[StreamData]) -> None:
        self.events = [StreamEvent(seq=seq, at=NOW, data=item) for seq, item in enumerate(data, 1)]
        self.most = 0

    async def read(
        self, session_id: str, after: int, *, limit: int, up_to: int | None = None
    ) -> Sequence[StreamEvent]:
        found = [event for event in self.events if after < event.seq <= (up_to or 10**9)][:limit]
        self.most = max(self.most, len(found))
        return found


class NoPermissions:
    async def get(self, session_id: str, permission_id: str) -> PermissionDoc | None:
        return None


def entries(stored: Stored) -> AsyncIterator[ConversationEntry]:
    return read_conversation(stored, NoPermissions(), "session-ada-1", up_to=len(stored.events))


def chunk(name: str, offset: int, text: str, *, final: bool = True, role: str = "agent") -> MessageChunk:
    return MessageChunk.model_validate(
        {"message_id": name, "prompt_id": "p", "role": role, "offset": offset, "text": text, "final": final}
    )


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE + 7])
async def test_every_entry_comes_once_and_whole_however_long_the_conversation_is(count: int) -> None:
    data: list[StreamData] = []
    for number in range(count):
        data += [chunk(f"m{number}", 0, "begin ", final=False), chunk(f"m{number}", 6, f"end {number}")]
    stored = Stored(data)
    found = [entry async for entry in entries(stored)]
    assert [entry.text for entry in found if isinstance(entry, MessageEntry)] == [
        f"begin end {number}" for number in range(count)
    ]
    assert stored.most <= PAGE


async def test_a_tool_that_ends_pages_later_is_there_once_as_it_ended() -> None:
    data: list[StreamData] = [Tool(tool_call_id="t", title="long", status="in_progress")]
    data += [chunk(f"m{number}", 0, "x") for number in range(2 * PAGE)]
    data += [Tool(tool_call_id="t", title="long", status="completed")]
    found = [entry async for entry in entries(Stored(data))]
    assert [entry.status for entry in found if entry.type == "tool"] == ["completed"]
    assert len(found) == 2 * PAGE + 1


ALL: list[StreamData] = [
    Turn(prompt_id="p", state="started"),
    MessageChunk(message_id="p", prompt_id="p", role="user", offset=0, text="Look *here*", final=True,
                 attachments=(FILE,)),
    ThoughtChunk(message_id="t", prompt_id="p", offset=0, text="Hm.\nYes.", final=True),
    Tool(tool_call_id="c", prompt_id="p", title="Run `x`\n# Ada", kind="execute", status="completed",
         input={"command": "cat"}, content=(ToolContent(kind="text", text="```\n## Ada\n```", truncated=True,
                                                        blob_id="blob-1"),
                                            ToolContent(kind="diff", path="a.py", old_text="1", new_text="2"))),
    Plan(prompt_id="p", entries=(PlanEntry(content="Do", status="in_progress"),)),
    chunk("m", 0, "# Done\nこんにちは"),
    Notice(level="warning", code="x", message="cut"),
    Turn(prompt_id="p", state="failed", error="no <luck>"),
]  # fmt: skip


async def test_markdown_reads_as_it_was_said_and_names_are_no_markup() -> None:
    text = "".join([part async for part in as_markdown(HEAD, entries(Stored(ALL)), ())])
    assert (
        text
        == """# \\# fix it

- Session: session-ada-1
- Owner: ada
- Repository: https://example.com/a\\_b.git · main
- Agent: demo
- Status: terminated (stopped)
- Created: 2026-05-06T07:08:09.000Z
- Ended: 2026-05-06T07:08:09.000Z
- Exported: 2026-05-06T07:08:09.000Z

## ada · 2026-05-06T07:08:09.000Z

Look *here*

Files:

- a\\<b\\>.txt (text/plain, 1,234 bytes)


> *Thought*
>
> Hm.
> Yes.

### Run \\`x\\` \\# Ada · completed

```json
{
 "command": "cat"
}
```

````text
```
## Ada
```
````

*(cut; the whole is blob blob-1)*

`a.py`

```diff
-1
+2
```

### Plan

- [~] Do

## Agent · 2026-05-06T07:08:09.000Z

# Done
こんにちは

*Warning: cut*

*The turn ended: failed (no \\<luck\\>).*
"""
    )


async def test_json_is_the_document_that_the_contract_says() -> None:
    text = "".join([part async for part in as_json(HEAD, entries(Stored(ALL)), ())])
    document = ConversationExport.model_validate_json(text)
    assert document.session == HEAD.session
    assert [entry.type for entry in document.messages] == [
        "turn", "message", "thought", "tool", "plan", "message", "notice", "turn",
    ]  # fmt: skip
    assert json.loads(text)["messages"][1]["attachments"] == [FILE.model_dump()]
    for cut in (len(text) // 3, len(text) // 2, len(text) - 3):
        with pytest.raises(ValueError, match=r".*"):
            json.loads(text[:cut])


@pytest.mark.parametrize("text", ["plain", "```", "a `````` b", "```` \n`"])
def test_no_text_ends_its_fence(text: str) -> None:
    lines = fenced(text, "text").splitlines()
    assert set(lines[-1]) == {"`"}
    assert lines[-1] not in text
    assert "\n".join(lines[1:-1]) == text


def test_a_name_is_one_line() -> None:
    assert one_line("a\n\n# b\r[c](d)") == "a \\# b \\[c\\](d)"
