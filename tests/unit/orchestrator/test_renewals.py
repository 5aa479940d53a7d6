"""Which launch is the current one: a wrong «no» ends a runner, a wrong «yes» gives a dead one another hour."""

from __future__ import annotations

import pytest

from ccplant_contracts.session import StopRequested
from ccplant_contracts.status import Status, StopReason
from ccplant_orchestrator.renewals import why_not_renewed
from ccplant_store.sessions.model import SessionDoc
from tests.unit.orchestrator.sessions import LAUNCH_ID, NOW, launch, session

STOP = StopRequested(reason=StopReason.STOPPED, by="ada", force=False, at=NOW)


@pytest.mark.parametrize(
    "current",
    [
        session(launch=launch()),
        session(launch=launch(), status=Status.RUNNING),
        session(launch=launch(), status=Status.RUNNING, stop_requested=STOP),
        session(launch=launch(started_at=None), stop_requested=STOP),
    ],
)
def test_the_launch_of_a_session_that_has_not_ended_is_renewed(current: SessionDoc) -> None:
    assert why_not_renewed(current, LAUNCH_ID) is None


@pytest.mark.parametrize(
    ("current", "why"),
    [
        (None, "no such session"),
        (session(), "another launch"),
        (session(launch=launch(id="l0another0launch0000"), status=Status.RUNNING), "another launch"),
        *(
            (session(launch=launch(), status=status), f"the session is {status.value}")
            for status in Status
            if status.final
        ),
    ],
)
def test_any_other_is_refused(current: SessionDoc | None, why: str) -> None:
    assert why in (why_not_renewed(current, LAUNCH_ID) or "")
