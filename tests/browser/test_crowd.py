"""Thousands of sessions are as quick to go through as ten: only what is on the screen is in the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from pymongo import MongoClient

from ccplant_contracts.ids import new_launch_id, new_session_id
from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.support.system import System
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

_MANY = 3_000
_NODES = 3_000


@pytest.fixture
def crowd(system: System, backstage: Backstage) -> Iterator[None]:
    """Thousands of ended sessions, copies of a real one."""
    made = backstage.session(name="crowd-0000")
    backstage.post(f"/sessions/{made}/stop")
    backstage.until(made, lambda session: session["ended_at"] is not None)
    url = (system.data_dir / "secrets" / "mongodb.url").read_text().strip()
    with MongoClient[dict[str, Any]](url) as client:
        sessions = client["ccplant"]["sessions"]
        one = sessions.find_one({"_id": made})
        assert one is not None
        copies = [
            {
                **one,
                "_id": new_session_id(one["owner"]),
                "name": f"crowd-{number:04}",
                "created_at": one["created_at"] - timedelta(minutes=number),
                "launch": {**one["launch"], "id": new_launch_id()},
            }
            for number in range(1, _MANY)
        ]
        sessions.insert_many(copies)
        yield
        sessions.delete_many({"_id": {"$in": [copy["_id"] for copy in copies]}})


def test_thousands_of_rows_are_gone_through_with_few_nodes_and_one_is_found(
    crowd: None, enter: Enter
) -> None:
    person = enter(path="/sessions")
    rows = person.page.get_by_role("row")
    expect(rows.filter(has_text="crowd-0000")).to_be_visible()
    far = rows.filter(has_text=re.compile(r"crowd-(0[5-9]|[12])"))
    person.page.mouse.move(640, 500)

    def further() -> bool:
        person.page.mouse.wheel(0, 2_000)
        person.page.wait_for_timeout(50)
        return far.count() > 0

    wait_until(further, 60, "rows far down")
    assert person.page.evaluate("document.querySelectorAll('*').length") < _NODES
    person.page.get_by_role("textbox", name=person.words("sessions.search")).fill("crowd-2987")
    expect(rows.filter(has_text="crowd-2987")).to_be_visible()
    expect(rows.filter(has_text="crowd-2986")).to_have_count(0)
