"""The fields that every list has beside its items."""

from __future__ import annotations

from typing import Annotated, TypedDict

from fastapi import Query

from ccplant_store.sessions.listing import TOTAL_CAP

LimitQuery = Annotated[int, Query(ge=1, le=200, description="How many to show at most.")]
OffsetQuery = Annotated[int, Query(ge=0, le=10_000, description="How many to pass over.")]


class PageFields(TypedDict):
    """Where a page stands in its list."""

    total: int
    total_capped: bool
    limit: int
    offset: int
    has_more: bool
    next_offset: int | None


def page_fields(*, total: int, limit: int, offset: int, more: bool) -> PageFields:
    """Return where a page stands; `total` was counted up to one over the cap."""
    return PageFields(
        total=min(total, TOTAL_CAP),
        total_capped=total > TOTAL_CAP,
        limit=limit,
        offset=offset,
        has_more=more,
        next_offset=offset + limit if more and offset + limit <= TOTAL_CAP else None,
    )
