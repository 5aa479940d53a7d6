"""Secrets stay in, in whatever pieces they come."""

from __future__ import annotations

import itertools
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from ccplant_platform.redaction import Redactor
from ccplant_runner.redaction import StreamRedactor, mask_event

SECRET = "hunter2-very-secret"
JWT = "eyJhbGciOiJub25l.eyJzdWIiOiJhYmMi.c2lnbmF0dXJl"
PEM = "-----BEGIN PRIVATE KEY-----\nabc/def\n-----END PRIVATE KEY-----"
KEY = "sk-ant-api03-abcdefghijklmnop"


def streamed(text: str, cuts: list[int], *secrets: str) -> str:
    """Feed a text in pieces."""
    mask = StreamRedactor(Redactor(secrets))
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    out = "".join(mask.feed(text[start:end]) for start, end in itertools.pairwise(places))
    return out + mask.end()


@given(st.text(max_size=60), st.text(max_size=60), st.lists(st.integers(0, 150), max_size=30))
def test_a_secret_does_not_get_through_in_pieces(before: str, after: str, cuts: list[int]) -> None:
    assert SECRET not in streamed(before + SECRET + after, cuts, SECRET)


_ALIKE = st.text(alphabet="ab/", min_size=6, max_size=10)


@given(
    st.lists(_ALIKE, min_size=1, max_size=3),
    st.lists(st.integers(0, 3), max_size=8),
    st.lists(st.text(alphabet="ab/ %2F", max_size=6), min_size=9, max_size=9),
    st.lists(st.integers(0, 120), max_size=30),
)
def test_secrets_that_end_as_others_begin_are_masked_as_if_the_text_came_whole(
    secrets: list[str], order: list[int], between: list[str], cuts: list[int]
) -> None:
    parts = [between[0]]
    for number, words in zip(order, between[1:], strict=False):
        secret = secrets[number % len(secrets)]
        parts += [secret if number < 3 else quote(secret, safe=""), words]
    text = "".join(parts)
    assert streamed(text, cuts, *secrets) == Redactor(secrets)(text)


@given(st.lists(st.integers(0, 60), max_size=30))
def test_a_secret_that_ends_as_it_begins_is_masked_also_at_the_end_of_a_message(cuts: list[int]) -> None:
    assert streamed("TOKEN=secret-of-yours", cuts, "secret-of-yours") == "TOKEN=***"


@given(st.sampled_from([KEY, "ghp_" + "a1" * 18, "Bearer abcdefgh12345678", "https://user:passw0rd@host/x", JWT, PEM]),
       st.lists(st.integers(0, 150), max_size=30))  # fmt: skip
def test_what_has_the_shape_of_a_token_does_not_get_through_in_pieces(token: str, cuts: list[int]) -> None:
    text = f"the token is {token} and that is that"
    assert streamed(text, cuts) == Redactor()(text)
    assert token not in streamed(text, cuts)


@given(st.text(alphabet="abc hunter2-\n", max_size=100), st.lists(st.integers(0, 100), max_size=30))
def test_harmless_text_comes_out_as_it_went_in(text: str, cuts: list[int]) -> None:
    assert streamed(text, cuts, SECRET) == Redactor([SECRET])(text)


def test_the_end_of_a_private_key_is_not_taken_for_the_beginning_of_another() -> None:
    mask = StreamRedactor(Redactor())
    assert mask.feed(PEM) + mask.feed(" that is all") + mask.end() == "*** that is all"


def test_harmless_text_is_not_held_back() -> None:
    mask = StreamRedactor(Redactor([SECRET]))
    assert mask.feed("plain words ") == "plain words "
    assert mask.feed("hunt") == ""
    assert mask.feed("ing season") == "hunting season"


def test_a_long_run_that_begins_like_a_token_is_not_held_for_ever() -> None:
    mask = StreamRedactor(Redactor())
    out = "".join(mask.feed("http://" + "x" * 500) for _ in range(50))
    assert len(out) > 10_000


def test_our_own_words_stay_even_where_they_are_secrets() -> None:
    event = {"type": "tool", "status": "completed", "title": "completed", "input": {"status": "completed"}}
    masked = mask_event(event, Redactor(["completed"]))
    assert masked == {"type": "tool", "status": "completed", "title": "***", "input": {"status": "***"}}
