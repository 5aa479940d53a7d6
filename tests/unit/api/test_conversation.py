"""However it is paged, the conversation is the same: each entry once, whole, where it began."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_api.prompts.conversation import Cursor, Page
from ccplant_contracts.conversation import ConversationEntry, MessageEntry, ToolEntry
from ccplant_contracts.errors import InvalidRequestError
from ccplant_contracts.stream import MessageChunk, Notice, StreamData, StreamEvent, ThoughtChunk, Tool, Turn

AT = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def streams(draw: st.DrawFn) -> list[StreamEvent]:
    """Turns in which messages, thoughts and tool calls are interleaved, some of them never finished."""
    data: list[StreamData] = []
    for turn in range(draw(st.integers(0, 4))):
        prompt = f"p{turn}"
        data.append(Turn(prompt_id=prompt, state="started"))
        lengths: dict[str, int] = {}
        done: set[str] = set()
        for _ in range(draw(st.integers(0, 12))):
            kind = draw(st.sampled_from("mtc"))
            key = f"{kind}{turn}-{draw(st.integers(0, 2))}"
            if key in done:
                continue
            final = draw(st.integers(0, 2)) == 0
            if final:
                done.add(key)
            if kind == "c":
                tool = Tool(tool_call_id=key, prompt_id=prompt, title=str(len(data)), status="in_progress")
                data.append(tool.model_copy(update={"status": "completed"}) if final else tool)
                continue
            text = draw(st.text("ab日😀", min_size=1, max_size=3))
            offset = lengths.get(key, 0)
            lengths[key] = offset + len(text)
            said = {"message_id": key, "prompt_id": prompt, "offset": offset, "text": text, "final": final}
            if kind == "m":
                data.append(MessageChunk.model_validate({**said, "role": "agent"}))
            else:
                data.append(ThoughtChunk.model_validate(said))
        ends: list[StreamData] = [
            Turn(prompt_id=prompt, state="done"),
            Notice(level="info", code="n", message="n"),
        ]
        data.append(draw(st.sampled_from(ends)))
    return [StreamEvent(seq=seq, at=AT, data=item) for seq, item in enumerate(data, start=1)]


def page_of(events: list[StreamEvent], cursor: Cursor, limit: int) -> Page:
    page = Page(cursor, limit)
    page.read(event for event in events if event.seq > cursor.after)
    return page


@given(streams(), st.integers(1, 7))
def test_pages_of_any_size_show_the_same_as_one_page(events: list[StreamEvent], limit: int) -> None:
    whole = page_of(events, Cursor(), 10_000).entries()
    paged: list[ConversationEntry] = []
    cursor: Cursor | None = Cursor()
    while cursor is not None:
        page = page_of(events, Cursor.decode(cursor.encode()), limit)
        assert len(page.entries()) <= limit
        paged += page.entries()
        cursor = page.next
    assert paged == list(whole)
    assert [entry.seq for entry in paged] == sorted({entry.seq for entry in paged})


@given(streams())
def test_texts_are_whole_and_tool_calls_as_they_ended(events: list[StreamEvent]) -> None:
    texts: dict[str, str] = {}
    tools: dict[str, str] = {}
    for event in events:
        if isinstance(event.data, MessageChunk):
            texts[event.data.message_id] = texts.get(event.data.message_id, "") + event.data.text
        elif isinstance(event.data, Tool):
            tools[event.data.tool_call_id] = event.data.title
    entries = page_of(events, Cursor(), 10_000).entries()
    assert {entry.message_id: entry.text for entry in entries if isinstance(entry, MessageEntry)} == texts
    assert {entry.tool_call_id: entry.title for entry in entries if isinstance(entry, ToolEntry)} == tools


def test_a_repeated_piece_of_text_is_not_shown_twice() -> None:
    data = [
        MessageChunk(message_id="m", role="agent", offset=0, text="Hello "),
        MessageChunk(message_id="m", role="agent", offset=0, text="Hello "),
        MessageChunk(message_id="m", role="agent", offset=6, text="you", final=True),
    ]
    events = [StreamEvent(seq=seq, at=AT, data=item) for seq, item in enumerate(data, start=1)]
    (entry,) = page_of(events, Cursor(), 10).entries()
    assert isinstance(entry, MessageEntry)
    assert (entry.text, entry.complete) == ("Hello you", True)


@pytest.mark.parametrize(
    "text", ["", "x", "e30", "WzEsMV0", "WyJhIixbXV0", "Wy0xLFtdXQ", "日本", "W" * 10_000]
)
def test_a_cursor_that_was_made_up_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        Cursor.decode(text)
