"""A session that does not start: when it is given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ccplant_api.sessions.views import Place, start_deadline
from ccplant_contracts.status import Status
from ccplant_store.sessions.model import LaunchDoc
from tests.support.documents import NOW, session_document

PLACE = Place("http://here", "local", True, timedelta(seconds=600), timedelta(seconds=300))
LATER = NOW + timedelta(seconds=60)
PROBLEM = {"code": "insufficient_memory"}
WAITING = LaunchDoc(id="l", attempt=1, created_at=NOW)
STARTED = LaunchDoc(id="l", attempt=1, created_at=NOW, started_at=LATER)


@pytest.mark.parametrize(
    ("changes", "given_up"),
    [
        ({}, None),
        ({"launch": WAITING}, NOW + timedelta(seconds=600)),
        ({"launch": WAITING, "diagnosis": PROBLEM}, NOW + timedelta(seconds=300)),
        ({"launch": STARTED, "diagnosis": PROBLEM}, LATER + timedelta(seconds=300)),
        ({"launch": STARTED, "status": Status.RUNNING}, None),
    ],
)
def test_a_start_has_the_deadline_of_its_launch_and_a_stuck_one_that_of_its_place(
    changes: dict[str, Any], given_up: datetime | None
) -> None:
    assert start_deadline(session_document(**changes), PLACE) == given_up
