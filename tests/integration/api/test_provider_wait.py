"""The API shows a provider that refuses, in lists and in full, and not beyond the session's end."""

from __future__ import annotations

from typing import Any

from ccplant_contracts.session import ProviderWait
from ccplant_contracts.status import Reason
from tests.integration.api.conftest import Api


async def test_a_wait_for_the_provider_is_shown_while_the_session_runs(api: Api) -> None:
    session_id = await api.running()
    wait = ProviderWait(reason="overloaded", attempts=2).model_dump()
    fields = {"agent_state": "waiting_for_provider", "provider_wait": wait}
    assert await api.control.store.sessions.apply_output(session_id, 10, fields) is not None

    async def shown() -> tuple[Any, Any]:
        one = (await api.client.get(f"/api/v1/sessions/{session_id}")).json()
        (listed,) = (await api.client.get("/api/v1/sessions")).json()["sessions"]
        assert one["provider_wait"] == listed["provider_wait"]
        return one["agent_state"], one["provider_wait"]

    assert await shown() == (
        "waiting_for_provider",
        {"reason": "overloaded", "retry_at": None, "attempts": 2},
    )
    await api.control.end(session_id, Reason.AGENT_CRASHED)
    assert (await shown())[1] is None
