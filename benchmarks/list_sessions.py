"""The first page of 50 among 100,000 sessions of one owner, beside the same queries by the bare driver."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection

from benchmarks.measuring.installation import installation
from benchmarks.measuring.quantiles import Spread
from benchmarks.measuring.result import Aim, Result, Table, at_most
from benchmarks.measuring.script import run
from benchmarks.measuring.web import Web
from ccplant_contracts.ids import new_session_id
from ccplant_contracts.session import SessionConfig
from ccplant_contracts.status import Reason, Status
from ccplant_store.documents import Raw
from ccplant_store.sessions.listing import TOTAL_CAP, ListQuery
from ccplant_store.sessions.model import LISTED, SessionDoc

_LIMIT = 50
_NAMES = 20
_DELETED_EVERY = 10
_BATCH = 2_000
_HELD = {"CCPLANT_MAX_CONCURRENT_LAUNCHES": "0"}
_STATUSES = (
    (Status.COMPLETED, Reason.TASK_FINISHED),
    (Status.TERMINATED, Reason.STOPPED),
    (Status.FAILED, Reason.AGENT_CRASHED),
    (Status.RUNNING, Reason.REGISTERED),
    (Status.PENDING, Reason.CREATED),
)

ABOUT = """\
`GET /api/v1/sessions` for the first page of 50, one request at a time, for each sort, order and filter \
in turn. The yardstick sends the same two queries, page and count, at once by the bare driver (PyMongo's \
asynchronous client) and takes the documents as they come; both in turns. The server is asked for its \
plan of each query: an index, no sorting, and not more documents looked at than the page has, or the run \
fails."""


@dataclass
class Case:
    """One way of listing."""

    filter: str
    query: ListQuery
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    index: str = ""

    @property
    def name(self) -> str:
        """Return how the table calls it."""
        return f"{self.filter}, {self.query.sort} {self.query.order}"

    @property
    def path(self) -> str:
        """Return the request."""
        asked: dict[str, str] = {
            "sort": self.query.sort,
            "order": self.query.order,
            "limit": str(_LIMIT),
            "include_deleted": str(self.query.include_deleted).lower(),
        }
        if self.query.status is not None:
            asked["status"] = self.query.status.value
        if self.query.name is not None:
            asked["name"] = self.query.name
        return f"/api/v1/sessions?{urlencode(asked)}"


def cases(owner: str) -> list[Case]:
    """Return each sort and order with each filter."""
    filters: tuple[tuple[str, dict[str, Any]], ...] = (
        ("all", {}),
        ("status", {"status": Status.COMPLETED}),
        ("name", {"name": "name-7"}),
        ("deleted too", {"include_deleted": True}),
        ("status, deleted too", {"status": Status.FAILED, "include_deleted": True}),
    )
    return [
        Case(
            name,
            ListQuery(owner=owner, sort=sort, order=order, limit=_LIMIT, **asked),
        )
        for (name, asked), sort, order in itertools.product(
            filters, ("started_at", "updated_at"), ("desc", "asc")
        )
    ]


def sessions(owner: str, count: int) -> list[Raw]:
    """Return sessions in every status that nobody tries to bring forward: they have no work left."""
    config = SessionConfig(agent="demo")
    now = datetime.now(UTC)
    sample = SessionDoc(
        id="",
        owner=owner,
        name="",
        cpu_limit=config.cpu_limit,
        memory_limit=config.memory_limit,
        created_at=now,
        updated_at=now,
        config=config.model_dump(mode="json"),
        open=False,
        settled=True,
        work=None,
    ).encode()
    made: list[Raw] = []
    for number in range(count):
        status, reason = _STATUSES[number % len(_STATUSES)]
        created = now - timedelta(seconds=number * 7)
        deleted = number % (_DELETED_EVERY * len(_STATUSES)) < len(_STATUSES)
        made.append(
            {
                **sample,
                "_id": new_session_id(owner),
                "name": f"name-{number // len(_STATUSES) % _NAMES}",
                "status": status.value,
                "status_reason": reason.value,
                "created_at": created,
                "updated_at": created + timedelta(seconds=(number * 7_919) % 86_400),
                "deleted": deleted,
                "deleted_at": created if deleted else None,
            }
        )
    return made


async def measure(quick: bool) -> Result:
    """Fill, ask, compare."""
    count, rounds = (5_000, 5) if quick else (100_000, 100)
    async with (
        installation(environment=_HELD) as system,
        system.web() as web,
        AsyncMongoClient[dict[str, Any]](system.mongodb_url, tz_aware=True) as client,
    ):
        stored: AsyncCollection[Raw] = client["ccplant"]["sessions"]
        owner = (system.data_dir / "owner").read_text(encoding="utf-8").strip()
        made = sessions(owner, count)
        for start in range(0, count, _BATCH):
            await stored.insert_many(made[start : start + _BATCH], ordered=False)
        asked = cases(owner)
        for case in asked:
            case.index = await _index(stored, case.query)
        for turn in range(-1, rounds):
            for case in asked:
                await _turn(web, stored, case, counts=turn >= 0)
    return _result(asked, count)


async def _turn(web: Web, stored: AsyncCollection[Raw], case: Case, *, counts: bool) -> None:
    began = time.monotonic()
    rows, total = await _bare(stored, case.query)
    between = time.monotonic()
    status, content = await web.raw("GET", case.path)
    ended = time.monotonic()
    if status != 200 or content.count(b'"session_id"') != min(_LIMIT, len(rows)):
        raise RuntimeError(f"{case.name}: {status}, not the page that the driver finds ({total} sessions)")
    if counts:
        case.bare.append((between - began) * 1000)
        case.ours.append((ended - between) * 1000)


async def _bare(stored: AsyncCollection[Raw], query: ListQuery) -> tuple[list[Raw], int]:
    return await asyncio.gather(
        stored.find(
            query.page_filter(), LISTED, sort=query.ordering(), limit=_LIMIT + 1, batch_size=_LIMIT + 1
        ).to_list(),
        stored.count_documents(query.filter(), limit=TOTAL_CAP + 1),
    )


async def _index(stored: AsyncCollection[Raw], query: ListQuery) -> str:
    """Return the index that gives the page.

    Raises:
        RuntimeError: the server would sort, or look at documents that are not on the page.
    """
    plan: Mapping[str, Any] = await stored.database.command(
        "explain",
        {
            "find": stored.name,
            "filter": query.page_filter(),
            "projection": LISTED,
            "sort": dict(query.ordering()),
            "limit": _LIMIT + 1,
        },
        verbosity="executionStats",
    )
    stages = list(_stages(plan["queryPlanner"]["winningPlan"]))
    looked_at = plan["executionStats"]["totalDocsExamined"]
    names = [stage["indexName"] for stage in stages if stage["stage"] == "IXSCAN"]
    sorts = any(stage["stage"] == "SORT" for stage in stages)
    if not names or sorts or looked_at > 2 * (_LIMIT + 1):
        shown = [stage["stage"] for stage in stages]
        raise RuntimeError(f"{query}: no index gives this page: {shown}, {looked_at} documents looked at")
    return str(names[0])


def _stages(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    below = [*([plan["inputStage"]] if "inputStage" in plan else []), *plan.get("inputStages", ())]
    return [plan, *(stage for part in below for stage in _stages(part))]


def _result(asked: list[Case], count: int) -> Result:
    rows = []
    for case in asked:
        ours, bare = Spread.of(case.ours), Spread.of(case.bare)
        cells = (f"{ours.p50:.1f} / {ours.p99:.1f} ms", f"{bare.p50:.1f} / {bare.p99:.1f} ms")
        rows.append((case.name, *cells, f"{ours.p50 / bare.p50:.2f}×", case.index))
    ratios: dict[str, float] = {}
    for filtered in dict.fromkeys(case.filter for case in asked):
        alike = [case for case in asked if case.filter == filtered]
        ours = Spread.of([value for case in alike for value in case.ours])
        bare = Spread.of([value for case in alike for value in case.bare])
        ratios[filtered] = ours.p99 / bare.p99
    worst = max(ratios, key=lambda filtered: ratios[filtered])
    indexed = Aim(what="sorts and filters answered by an index", aimed="all", found="all", met=True)
    return Result(
        name="list_sessions",
        title="Listing sessions",
        about=ABOUT,
        tables=(
            Table(
                title=f"First page of {_LIMIT} among {count:,} sessions of one owner, p50 / p99",
                columns=("filter, sort", "ccplant", "bare driver", "p50 ratio", "index"),
                rows=tuple(rows),
            ),
        ),
        aims=(
            at_most(f"p99 against the bare driver, worst filter ({worst})", ratios[worst], 2, "×"),
            indexed,
        ),
    )


if __name__ == "__main__":
    run(__doc__, measure)
