"""Text: durable in few chunks that leave no gap, with previews in between that fit where they say."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ccplant_contracts.stream import Delta, MessageChunk, ThoughtChunk
from ccplant_runner.coalescer import CHUNK_CHARACTERS, CHUNK_SECONDS, DELTA_SECONDS, Output, TextCoalescer

PIECES = st.lists(st.tuples(st.text(min_size=1, max_size=3_000), st.floats(0, 0.7)), max_size=30)


def played(pieces: list[tuple[str, float]]) -> list[tuple[float, Output]]:
    """Feed the pieces at their times, waking the coalescer when it asks for it."""
    coalescer = TextCoalescer("message", "m", "p")
    out: list[tuple[float, Output]] = []
    now = 0.0
    for text, pause in pieces:
        then = now + pause
        while (due := coalescer.next_due()) is not None and due <= then:
            now = max(now, due)
            out += [(now, item) for item in coalescer.due(now)]
        now = then
        out += [(now, item) for item in coalescer.feed(text, now)]
    out += [(now, item) for item in coalescer.end()]
    return out


def chunks(out: list[tuple[float, Output]]) -> list[tuple[float, MessageChunk]]:
    return [(at, item) for at, item in out if isinstance(item, MessageChunk)]


@given(PIECES)
def test_durable_chunks_are_the_whole_text_without_gap_or_repeat(pieces: list[tuple[str, float]]) -> None:
    text = ""
    for _, chunk in chunks(played(pieces)):
        assert chunk.offset == len(text)
        text += chunk.text
    assert text == "".join(piece for piece, _ in pieces)


@given(PIECES)
def test_only_the_last_chunk_is_final(pieces: list[tuple[str, float]]) -> None:
    finals = [chunk.final for _, chunk in chunks(played(pieces))]
    assert finals == [False] * (len(finals) - 1) + [True] * bool(finals)


@given(PIECES)
def test_a_small_chunk_comes_at_most_every_half_second(pieces: list[tuple[str, float]]) -> None:
    small = [
        at for at, chunk in chunks(played(pieces)) if len(chunk.text) < CHUNK_CHARACTERS and not chunk.final
    ]
    assert all(later - earlier >= CHUNK_SECONDS - 1e-9 for earlier, later in itertools.pairwise(small))


@given(PIECES)
def test_a_delta_holds_what_the_text_has_at_its_offset(pieces: list[tuple[str, float]]) -> None:
    whole = "".join(piece for piece, _ in pieces)
    for _, item in played(pieces):
        if isinstance(item, Delta):
            assert whole[item.offset : item.offset + len(item.text)] == item.text


def test_no_text_waits_longer_than_half_a_second_to_become_durable() -> None:
    out = played([("a", 0.0), *[("b", 0.1)] * 20])
    times = [at for at, _ in chunks(out)]
    assert times[0] <= CHUNK_SECONDS + 1e-9
    assert all(later - earlier <= CHUNK_SECONDS + 0.1 + 1e-9 for earlier, later in itertools.pairwise(times))


def test_a_first_piece_is_previewed_at_once_and_a_burst_as_one() -> None:
    coalescer = TextCoalescer("message", "m", None)
    assert [item.text for item in coalescer.feed("a", 0.0)] == ["a"]
    assert coalescer.feed("b", 0.001) == []
    assert coalescer.feed("c", 0.002) == []
    assert coalescer.next_due() == DELTA_SECONDS
    assert [(item.offset, item.text) for item in coalescer.due(DELTA_SECONDS)] == [(1, "bc")]


def test_a_big_piece_becomes_durable_in_bounded_chunks_at_once() -> None:
    coalescer = TextCoalescer("message", "m", None)
    out = coalescer.feed("x" * (3 * CHUNK_CHARACTERS + 1), 0.0)
    assert [len(item.text) for item in out if isinstance(item, MessageChunk)] == [CHUNK_CHARACTERS] * 3


def test_a_message_whose_text_is_all_durable_still_ends() -> None:
    coalescer = TextCoalescer("message", "m", None)
    coalescer.feed("x", 0.0)
    coalescer.due(CHUNK_SECONDS)
    assert [
        (item.offset, item.text, item.final) for item in coalescer.end() if isinstance(item, MessageChunk)
    ] == [(1, "", True)]
    assert coalescer.end() == []


def test_a_message_without_text_says_nothing() -> None:
    assert TextCoalescer("message", "m", None).end() == []


def test_thoughts_become_thought_chunks() -> None:
    coalescer = TextCoalescer("thought", "m", "p")
    first = coalescer.feed("hm", 0.0)
    assert isinstance(first[0], Delta)
    assert first[0].kind == "thought"
    assert isinstance(coalescer.end()[0], ThoughtChunk)
