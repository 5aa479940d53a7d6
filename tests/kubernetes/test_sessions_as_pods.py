"""Sessions as real containers of a real node, through the real REST API: from the first request to the last trace."""

from __future__ import annotations

import pytest

from tests.kubernetes.ground import Ground
from tests.support.scene import Scene
from tests.support.waiting import eventually

pytestmark = [pytest.mark.node, pytest.mark.timeout(240)]


@pytest.mark.smoke
async def test_a_session_runs_in_a_container_answers_and_leaves_nothing(stage: Scene, ground: Ground) -> None:
    session_id = await stage.running("echo hello from a Pod")
    pod = await ground.running(session_id)

    await stage.auditor.prompts_ended(session_id)
    assert "hello from a Pod" in "".join(stage.viewers_of(session_id)[0].texts().values())
    assert (await stage.person.look(session_id))["resources"]["limits_enforced"]

    await stage.person.delete(session_id)
    ended = await stage.auditor.settled(session_id)
    await ground.gone(pod)
    assert (ended["status"], ended["status_reason"]) == ("terminated", "deleted")
    assert ground.traces(session_id) == []
    await stage.finish()
    await eventually(lambda: not ground.node.processes_of(pod))
