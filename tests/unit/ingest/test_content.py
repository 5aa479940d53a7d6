"""What is in a body, and whose it is: pure parts of the ingester."""

from __future__ import annotations

import hmac
import random
from urllib.parse import urlencode

import orjson
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_webhook_ingest.content import (
    FORM,
    JSON,
    NotAnEventError,
    UnreadableError,
    event_headers,
    extract,
    kept_headers,
    parse,
)
from ccplant_webhook_ingest.signature import COMPARED, matches, sign

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_a_payload_is_the_same_as_json_and_as_a_form(payload: dict[str, object]) -> None:
    text = orjson.dumps(payload)
    form = urlencode({"payload": text.decode()}).encode()
    assert parse(extract(text, f"{JSON}; charset=utf-8")) == payload
    assert parse(extract(form, FORM.upper())) == payload


@given(st.binary(max_size=300), st.sampled_from([JSON, FORM, "", "text/plain"]))
def test_any_bytes_are_a_payload_or_are_refused_in_words(body: bytes, content_type: str) -> None:
    try:
        told: object = parse(extract(body, content_type))
    except UnreadableError as error:
        told = str(error)
    assert isinstance(told, dict) or str(told).endswith(".")


def test_nesting_ends_where_a_walk_would_overflow() -> None:
    assert parse(b'{"a":' * 100 + b"1" + b"}" * 100)
    for levels in (300, 900, 1_100, 1_000_000):
        with pytest.raises(UnreadableError):
            parse(b'{"a":' * levels + b"1" + b"}" * levels)


@pytest.mark.parametrize(
    "part",
    [b"[],", b"{},", b"1,", b"[[[]]],", b'{"a":{}},', b'{"":0},', b'"x",'],
    ids=lambda part: part.decode(),
)
def test_no_payload_becomes_many_times_as_large_in_memory(part: bytes) -> None:
    def payload(size: int) -> bytes:
        return b'{"a":[' + part * (size // len(part)) + b"0]}"

    with pytest.raises(UnreadableError, match="too many"):
        parse(payload(25_000_000))
    low, high = 1_000, 25_000_000  # the largest that is taken
    while high - low > 500_000:
        middle = (low + high) // 2
        try:
            parse(payload(middle))
            low = middle
        except UnreadableError:
            high = middle
    text = payload(low)
    before = psutil.Process().memory_info().rss
    kept = parse(text)
    assert psutil.Process().memory_info().rss - before < 160_000_000
    assert kept


def test_a_push_that_names_half_a_million_files_is_read() -> None:
    names = b",".join(b'"src/a/rather/deep/folder/file-%07d.py"' % number for number in range(500_000))
    assert len(names) > 19_000_000
    assert len(parse(b'{"commits":[{"added":[' + names + b"]}]}")["commits"][0]["added"]) == 500_000


def test_a_refusal_quotes_nothing_of_the_payload() -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(b'{"password": hunter2}')
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "headers", [{}, {"x-github-event": "push"}, {"x-github-delivery": "1"}, {"x-github-event": "push\n"}]
)
def test_what_does_not_say_what_it_is_is_no_event(headers: dict[str, str]) -> None:
    with pytest.raises(NotAnEventError):
        event_headers(headers)


def test_headers_that_are_kept_are_few_short_and_prove_nothing() -> None:
    given_headers = {f"x-github-{number}": "v" * 9_000 for number in range(50)}
    given_headers |= {"x-github-signature": "s", "authorization": "a", "x-hub-signature-256": "s"}
    kept = kept_headers(given_headers)
    assert len(kept) == 20
    assert max(map(len, kept.values())) == 500
    assert not any("signature" in name or name == "authorization" for name in kept)


def test_only_one_of_the_given_secrets_signs() -> None:
    body = random.Random(1).randbytes(5_000)
    for secrets in (("new",), ("new", "old")):
        for secret in secrets:
            assert matches(secrets, body, sign(secret, body))
        assert not matches(secrets, body, sign("other", body))
        assert not matches(secrets, body[:-1], sign("new", body))
        assert not matches(secrets, body, sign("new", body).upper())
        assert not matches(secrets, body, sign("new", body)[:-1])
        assert not matches(secrets, body, None)
        assert not matches(secrets, body, "")
    assert not matches((), body, sign("", body))


def test_each_wrong_answer_costs_the_same_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    real = hmac.digest

    def digest(key: bytes, body: bytes, kind: str) -> bytes:
        counted.append(len(body))
        return real(key, body, kind)

    monkeypatch.setattr(hmac, "digest", digest)
    for secrets in ((), ("a",), ("a", "b")):
        counted.clear()
        assert not matches(secrets, b"body", "sha256=" + "0" * 64)
        assert counted == [4] * COMPARED
