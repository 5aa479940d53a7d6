"""Lists: each page from an index, no session twice and none left out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, get_args

import pytest

from ccplant_contracts.status import Status
from ccplant_store import Store
from ccplant_store.driver import EPOCH
from ccplant_store.errors import InvalidCursorError
from ccplant_store.sessions import listing
from ccplant_store.sessions.listing import ListQuery, Order, SortField
from ccplant_store.sessions.model import LISTED
from tests.support.documents import NOW, OWNER, session_document

QUERIES = [
    ListQuery(owner=OWNER, status=status, name=name, include_deleted=deleted, sort=sort, order=order)
    for status, name, deleted, sort, order in itertools.product(
        (None, Status.RUNNING), (None, "even"), (False, True), get_args(SortField), get_args(Order)
    )
]
SESSIONS = 240
TIES = 7
"""So many are created in the same moment; a page may look at those again."""


def name_of(query: ListQuery) -> str:
    shown = (query.status, query.name, query.include_deleted and "deleted", query.sort, query.order)
    return "-".join(str(part) for part in shown if part)


@pytest.fixture
async def filled(store: Store) -> Store:
    """Sessions of two owners, many of them with the same times."""
    documents = []
    for number in range(SESSIONS):
        at = NOW + timedelta(seconds=number // TIES)
        documents.append(
            session_document(
                id=f"session-ada-{number * 37 % SESSIONS:04d}",
                owner=OWNER if number % 4 else "eve",
                name="even" if number % 2 == 0 else "odd",
                status=Status.RUNNING if number % 3 == 0 else Status.PENDING,
                deleted=number % 5 == 0,
                created_at=at,
                updated_at=NOW + timedelta(seconds=number * 13 % 31),
            ).encode()
        )
    await store.database.collection("sessions").insert_many(documents)
    return store


def stages(plan: object) -> Iterator[Mapping[str, Any]]:
    """Every stage of a plan."""
    if isinstance(plan, dict):
        if "stage" in plan:
            yield plan
        for value in plan.values():
            yield from stages(value)
    elif isinstance(plan, list):
        for value in plan:
            yield from stages(value)


async def explain(store: Store, query: ListQuery) -> tuple[set[str], int]:
    """Return the stages of the winning plan, and how many documents it read."""
    answer = await store.database.command(
        {
            "explain": {
                "find": "sessions",
                "filter": query.page_filter(),
                "projection": LISTED,
                "sort": dict(query.ordering()),
                "limit": query.limit,
            },
            "verbosity": "executionStats",
        }
    )
    used = {str(stage["stage"]) for stage in stages(answer["queryPlanner"]["winningPlan"])}
    return used, int(answer["executionStats"]["totalDocsExamined"])


@pytest.mark.parametrize("query", QUERIES, ids=name_of)
async def test_every_filter_and_order_comes_from_an_index_and_reads_no_more_than_a_page(
    filled: Store, query: ListQuery
) -> None:
    first = ListQuery(**{**fields(query), "limit": 5})
    page = await filled.sessions.list(first)
    for asked in (first, ListQuery(**{**fields(first), "cursor": page.next_cursor})):
        used, examined = await explain(filled, asked)
        assert not used & {"SORT", "COLLSCAN"}
        # a name and a status together are rare enough to be looked up among the name's
        bound = SESSIONS if query.name and query.status else 5 + TIES + 1
        assert examined <= bound


def fields(query: ListQuery) -> dict[str, Any]:
    return {name: getattr(query, name) for name in ListQuery.__dataclass_fields__}


def expected(rows: list[dict[str, Any]], query: ListQuery) -> list[str]:
    wanted = [
        row
        for row in rows
        if row["owner"] == query.owner
        and (query.include_deleted or not row["deleted"])
        and (query.status is None or row["status"] == query.status)
        and (query.name is None or row["name"] == query.name)
    ]
    wanted.sort(key=lambda row: (row[query.field], row["_id"]), reverse=query.order == "desc")
    return [row["_id"] for row in wanted]


@pytest.mark.parametrize("query", QUERIES, ids=name_of)
async def test_cursor_and_offset_walk_through_all_of_a_list_in_its_order(
    filled: Store, query: ListQuery
) -> None:
    rows = await filled.database.collection("sessions").find({}, limit=SESSIONS)
    whole = expected(rows, query)
    by_cursor: list[str] = []
    cursor: str | None = None
    while True:
        page = await filled.sessions.list(ListQuery(**{**fields(query), "limit": 17, "cursor": cursor}))
        by_cursor += [item.id for item in page.items]
        assert (page.total, page.total_capped) == (len(whole), False)
        assert page.has_more == (page.next_cursor is not None)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert by_cursor == whole
    by_offset = await filled.sessions.list(ListQuery(**{**fields(query), "limit": 17, "offset": 17}))
    assert [item.id for item in by_offset.items] == whole[17:34]


async def test_a_total_is_counted_up_to_its_cap(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccplant_store.sessions.repository.TOTAL_CAP", 20)
    page = await filled.sessions.list(ListQuery(owner=OWNER, limit=3))
    assert (page.total, page.total_capped, page.has_more) == (20, True, True)


async def test_a_page_carries_nothing_large_and_no_secret(filled: Store) -> None:
    assert not {"config", "diagnosis", "mcp_servers", "token_usage"} & set(LISTED)
    page = await filled.sessions.list(ListQuery(owner=OWNER, limit=1))
    assert not hasattr(page.items[0], "config")


async def test_a_cursor_of_another_list_is_refused(filled: Store) -> None:
    page = await filled.sessions.list(ListQuery(owner=OWNER, limit=1))
    with pytest.raises(InvalidCursorError):
        await filled.sessions.list(ListQuery(owner=OWNER, sort="updated_at", cursor=page.next_cursor))


@pytest.mark.parametrize(
    ("collection", "query", "sort"),
    [
        ("sessions", {"work": "end", "next_attempt_at": None}, {"created_at": 1}),
        ("sessions", {"next_attempt_at": {"$gt": EPOCH, "$lte": NOW}}, {"next_attempt_at": 1}),
        ("sessions", {"open": True, "deadline_at": {"$lte": NOW}}, {"deadline_at": 1}),
        ("sessions", {"open": True, "deadline_at": {"$gt": EPOCH}}, {"deadline_at": 1}),
        ("sessions", {"open": True, "status": "running"}, {}),
        ("sessions", {"launch.released": False}, {}),
        ("sessions", {"launch.id": "l"}, {}),
        ("prompts", {"session_id": "s", "under_way": True}, {}),
        ("prompts", {"session_id": "s", "open": True}, {"number": 1}),
        (
            "sessions",
            {"open": True, "mode": "task", "idle_number": {"$gt": 0}, "stop_requested": None},
            {"idle_number": 1},
        ),
        ("sessions", {"work": "start", "next_attempt_at": None, "launch": None}, {"created_at": 1}),
        ("prompts", {"session_id": "s", "open": True, "state": "queued"}, {"number": 1}),
        ("prompts", {"session_id": "s", "idempotency_key": "k"}, {}),
        ("prompts", {"session_id": "s", "open": False, "ended_at": {"$gte": NOW}}, {}),
        ("prompts", {"announced": False}, {"created_at": 1}),
        ("permissions", {"state": "pending", "expires_at": {"$lte": NOW}}, {"expires_at": 1}),
        ("permissions", {"delivery": "waiting"}, {}),
        ("permissions", {"session_id": "s"}, {"requested_at": -1, "_id": -1}),
        ("session_events", {"published": False}, {"time": 1, "session_id": 1, "sequence": 1}),
        ("session_events", {"session_id": "s"}, {"sequence": 1}),
        ("session_events", {"owner": "o"}, {"time": 1, "session_id": 1, "sequence": 1}),
        ("session_events", {"time": {"$gte": NOW}, "published": True}, {}),
        ("output", {"_id": {"$gt": "s:1", "$lt": "s;"}}, {"_id": 1}),
        ("fs.files", {"metadata.referenced": False, "metadata.created_at": {"$lt": NOW}}, {}),
        ("tokens", {"owner": "o", "revoked": False}, {"created_at": -1, "_id": -1}),
        ("idempotency", {"resource_id": "s"}, {}),
        ("volumes", {"owner": "o"}, {"created_at": -1, "_id": -1}),
        ("volumes", {"deleting": True, "next_attempt_at": {"$lte": NOW}}, {"next_attempt_at": 1}),
    ],
)
async def test_no_query_looks_through_a_whole_collection(
    store: Store, collection: str, query: dict[str, Any], sort: dict[str, int]
) -> None:
    answer = await store.database.command(
        {"explain": {"find": collection, "filter": query, "sort": sort, "limit": 10}}
    )
    used = {stage["stage"] for stage in stages(answer["queryPlanner"]["winningPlan"])}
    assert "COLLSCAN" not in used
    if sort and (collection, query.get("open"), "state" in query) != ("prompts", True, False):
        assert "SORT" not in used  # a session's few open prompts may be sorted


async def test_the_cap_is_what_clients_are_told(store: Store) -> None:
    assert listing.TOTAL_CAP == 10_000


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("REVIEW", ["review-pr", "Pre-Review of Ångström"]),
        ("review ångström", ["Pre-Review of Ångström"]),
        ("確認", ["ログインの確認"]),
        ("SESSION-w-3", ["a.*b"]),
        (".*", ["a.*b"]),
        ("(", []),
        ("  ", ["review-pr", "Pre-Review of Ångström", "ログインの確認", "a.*b"]),
    ],
)
async def test_words_are_found_anywhere_in_the_owners_names_and_ids_as_they_are_written(
    store: Store, words: str, names: list[str]
) -> None:
    called = ("review-pr", "Pre-Review of Ångström", "ログインの確認", "a.*b")
    documents = [
        session_document(
            id=f"session-w-{number}", owner=OWNER, name=name, created_at=NOW + timedelta(seconds=number)
        )
        for number, name in enumerate(called)
    ]
    documents.append(session_document(id="session-eve-1", owner="eve", name="review ångström 確認 ("))
    await store.database.collection("sessions").insert_many([each.encode() for each in documents])
    query = ListQuery(owner=OWNER, words=words, order="asc", limit=1)
    found = []
    while True:
        page = await store.sessions.list(query)
        assert page.total == len(names)
        found += [item.name for item in page.items]
        if page.next_cursor is None:
            break
        query = ListQuery(owner=OWNER, words=words, order="asc", limit=1, cursor=page.next_cursor)
    assert found == names
    used, _ = await explain(store, query)
    assert not used & {"SORT", "COLLSCAN"}


async def test_ended_sessions_of_every_end_come_in_one_order_from_an_index(store: Store) -> None:
    statuses = list(Status)
    documents = [
        session_document(
            id=f"session-e-{number:02d}",
            owner=OWNER,
            status=statuses[number % len(statuses)],
            deleted=number % 4 == 0,
            updated_at=NOW + timedelta(seconds=number),
        ).encode()
        for number in range(40)
    ]
    await store.database.collection("sessions").insert_many(documents)
    query = ListQuery(owner=OWNER, ended=True, include_deleted=True, sort="updated_at", limit=7)
    page = await store.sessions.list(query)
    newest = [f"session-e-{number:02d}" for number in reversed(range(40)) if statuses[number % 5].final]
    assert [item.id for item in page.items] == newest[:7]
    used, _ = await explain(store, query)
    assert not used & {"SORT", "COLLSCAN"}
