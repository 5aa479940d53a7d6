"""Text is shown exactly once, whatever mix of previews, chunks and repeats arrives."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ccplant_cli.chat.transcript import Noticed, PlanSeen, Said, ToolSeen, Transcript, TurnSeen
from ccplant_cli.documents import Document


def frame(kind: str, seq: int | None = None, /, **data: Any) -> Document:
    fields: dict[str, Any] = {"type": kind, "data": data}
    if seq is not None:
        fields["seq"] = seq
    return Document.of(fields)


def chunk(seq: int, offset: int, text: str, *, final: bool = False, message_id: str = "m1") -> Document:
    return frame(
        "message_chunk", seq, message_id=message_id, role="agent", offset=offset, text=text, final=final
    )


def delta(offset: int, text: str, message_id: str = "m1") -> Document:
    return frame("delta", message_id=message_id, kind="message", offset=offset, text=text)


def said(transcript: Transcript, frames: list[Document]) -> str:
    items = [item for one in frames for item in transcript.take(one)]
    return "".join(item.text for item in items if isinstance(item, Said))


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[str, list[Document]]:
    """A message as durable chunks in order, previews of it in between (some lost, some late), and repeats."""
    text = draw(st.text(min_size=1, max_size=60))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)) | {0, len(text)})
    frames: list[Document] = []
    durable: list[Document] = []
    for seq, (start, end) in enumerate(pairwise(cuts), start=1):
        at = start
        while at < end:
            step = draw(st.integers(1, end - at))
            if draw(st.booleans()):
                frames.append(delta(at, text[at : at + step]))
            at += step
        durable.append(chunk(seq, start, text[start:end], final=end == len(text)))
        frames.append(durable[-1])
        if draw(st.booleans()):
            frames.append(draw(st.sampled_from(durable)))
        if draw(st.booleans()):
            late = draw(st.integers(0, end - 1))
            frames.append(delta(late, text[late:end]))
    return text, frames


@given(arrivals())
def test_each_code_point_is_shown_once_and_in_order(arrival: tuple[str, list[Document]]) -> None:
    text, frames = arrival
    assert said(Transcript(0), frames) == text


def test_a_preview_that_does_not_fit_is_left_to_the_chunk() -> None:
    assert said(Transcript(0), [delta(0, "ab"), delta(4, "ef"), chunk(1, 0, "abcdef")]) == "abcdef"


def test_offsets_count_code_points_not_bytes() -> None:
    assert said(Transcript(0), [delta(0, "日本👩‍💻"), chunk(1, 0, "日本👩‍💻語")]) == "日本👩‍💻語"


def test_what_comes_again_after_a_reconnect_is_not_shown_again() -> None:
    transcript = Transcript(0)
    frames = [chunk(1, 0, "one "), chunk(2, 4, "two")]
    assert said(transcript, frames) == "one two"
    assert said(transcript, [*frames, chunk(3, 7, " three")]) == " three"
    assert transcript.last_seq == 3


def test_a_message_that_began_before_we_looked_says_so() -> None:
    assert said(Transcript(10), [chunk(11, 500, "rest")]) == "…rest"


def test_a_thought_and_a_message_of_one_id_are_two_texts() -> None:
    thought = frame("thought_chunk", 1, message_id="m1", offset=0, text="hmm", final=True)
    assert said(Transcript(0), [thought, chunk(2, 0, "yes")]) == "hmmyes"


def test_a_tool_is_shown_once_per_state_with_what_it_gave() -> None:
    transcript = Transcript(0)
    states = ("pending", "in_progress", "in_progress", "completed")
    items = [
        item
        for seq, state in enumerate(states, start=1)
        for item in transcript.take(
            frame(
                "tool",
                seq,
                tool_call_id="t",
                title="Run tests",
                status=state,
                content=[{"kind": "text", "text": "ok\nmore"}],
            )
        )
    ]
    assert items == [ToolSeen("Run tests", "in_progress"), ToolSeen("Run tests", "completed", "ok …")]


def test_a_plan_is_shown_when_it_changed() -> None:
    transcript = Transcript(0)
    entries = [{"content": "read", "status": "pending"}]
    assert transcript.take(frame("plan", 1, entries=entries)) == (PlanSeen((("pending", "read"),)),)
    assert transcript.take(frame("plan", 2, entries=entries)) == ()


def test_turns_notices_and_failed_mcp_servers_are_shown_and_unknown_types_are_not() -> None:
    transcript = Transcript(0)
    assert transcript.take(frame("turn", 1, prompt_id="p", state="failed", error="no")) == (
        TurnSeen("p", "failed", "no"),
    )
    assert transcript.take(frame("notice", 2, level="warning", code="x", message="slow")) == (
        Noticed("warning", "slow"),
    )
    failed = frame("mcp_server", 3, name="github", state="failed", error="exit 1")
    assert transcript.take(failed) == (Noticed("warning", "MCP github: exit 1"),)
    assert transcript.take(frame("from_a_newer_server", 4, anything=1)) == ()
    assert transcript.last_seq == 4


def test_a_preview_that_overtook_its_prompt_waits_for_it() -> None:
    transcript = Transcript(0)
    transcript.take(frame("turn", 1, prompt_id="p0", state="done"))
    assert transcript.take(delta(0, "Hel")) == ()
    transcript.take(frame("turn", 2, prompt_id="p1", state="started"))
    assert transcript.take(delta(3, "lo")) == ()
    user = frame("message_chunk", 3, message_id="p1", role="user", offset=0, text="hi", final=True)
    voices = [(item.voice, item.text) for item in transcript.take(user) if isinstance(item, Said)]
    assert voices == [("user", "hi"), ("agent", "Hel"), ("agent", "lo")]
    assert said(transcript, [chunk(4, 0, "Hello!")]) == "!"


def test_a_turn_that_the_agent_began_itself_waits_for_no_prompt() -> None:
    transcript = Transcript(0)
    transcript.take(frame("turn", 1, prompt_id="p0", state="done"))
    assert transcript.take(delta(0, "Re")) == ()
    assert said(transcript, [frame("turn", 2, prompt_id=None, state="started"), delta(2, "ady")]) == "Ready"


def test_no_event_that_was_taken_is_taken_again() -> None:
    transcript = Transcript(0)
    failed = frame("turn", 1, prompt_id="p", state="failed")
    warning = frame("notice", 2, level="warning", code="x", message="slow")
    assert [len(transcript.take(one)) for one in (failed, warning, failed, warning)] == [1, 1, 0, 0]
