"""The store's pure parts: what a document can hold, whose wish to stop stands, where a page begins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_contracts.session import StopRequested
from ccplant_contracts.status import PROMPT_TRANSITIONS, PromptState, Status, StopReason
from ccplant_store.documents import json_text, to_bson
from ccplant_store.errors import InvalidCursorError
from ccplant_store.events.model import NewEvent
from ccplant_store.events.recorder import number
from ccplant_store.prompts.model import moves
from ccplant_store.sessions.listing import Order, SortField, decode_cursor, encode_cursor
from ccplant_store.sessions.model import SessionDoc, StopDoc, work_of
from ccplant_store.sessions.stop import merge_stop
from tests.support.documents import session_document

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(1 << 80), max_value=1 << 80)
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.sampled_from(Status)
    | st.binary(max_size=5)
)
KEYS = st.text(st.characters(), max_size=4) | st.sampled_from(["$set", "$ref", "a.b", "\x00", "_id"])
VALUES = st.recursive(
    LEAVES,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(KEYS, children, max_size=3),
    max_leaves=8,
)
WISHES = st.builds(
    StopRequested,
    reason=st.sampled_from(StopReason),
    by=st.sampled_from(["a", "b"]),
    force=st.booleans(),
    delete_pvc=st.sampled_from([None, True, False]),
    at=st.just(NOW),
)


@given(VALUES)
def test_a_document_can_hold_whatever_anybody_says(value: object) -> None:
    encoded = to_bson(value)
    assert bson.decode(bson.encode({"value": encoded}))["value"] == encoded
    assert to_bson(encoded) == encoded


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_what_is_kept_as_text_comes_back_as_it_was(value: dict[str, object]) -> None:
    document = session_document(config=value)
    assert SessionDoc.decode(bson.decode(bson.encode(document.encode()))).config == value
    assert json_text(value).isascii()


@given(st.lists(WISHES, min_size=1, max_size=8))
def test_a_wish_to_stop_is_never_lost_and_the_first_gives_the_reason(wishes: list[StopRequested]) -> None:
    stands: StopDoc | None = None
    for wish in wishes:
        stands = merge_stop(stands, wish) or stands
    assert stands is not None
    deletions = [wish for wish in wishes if wish.reason is StopReason.DELETED]
    decisive = deletions[0] if deletions else wishes[0]
    assert (stands.reason, stands.by, stands.delete_pvc) == (
        decisive.reason,
        decisive.by,
        decisive.delete_pvc,
    )
    assert stands.force == any(wish.force for wish in wishes)
    assert all(merge_stop(stands, wish) is None for wish in wishes)


@given(
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.text(),
    st.sampled_from(get_args(SortField)),
    st.sampled_from(get_args(Order)),
)
def test_a_cursor_says_where_its_page_ended(at: datetime, last: str, sort: SortField, order: Order) -> None:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert decode_cursor(encode_cursor(at, last, sort, order), sort, order) == (at, last)


@given(st.text())
def test_a_cursor_that_is_none_is_refused_and_never_breaks(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(text, "started_at", "desc")


def test_every_intent_gives_the_resync_a_reason_to_look() -> None:
    for status in Status:
        for settled in (False, True):
            for stop in (False, True):
                for purge in (False, True):
                    work = work_of(status=status, settled=settled, stop_requested=stop, purge_requested=purge)
                    open_end = purge or (not settled if status.final else stop)
                    expected = "end" if open_end else "start" if status is Status.PENDING else None
                    assert work == expected


def test_no_prompt_comes_back_from_its_runner() -> None:
    for state in PROMPT_TRANSITIONS:
        assert not moves(state, state)
        assert not moves(state, PromptState.QUEUED)
        if state.under_way:
            assert not moves(state, PromptState.REMOVED)


def test_the_last_event_has_the_session_s_number() -> None:
    session = {"_id": "s", "owner": "o", "event_seq": 7, "event_at": NOW}
    events = number(session, [NewEvent("session.created"), NewEvent("prompt.queued")])
    assert [event["sequence"] for event in events] == [6, 7]
    assert len({event["_id"] for event in events}) == 2
