"""What a runner says of a provider that refuses is on the session as long as it is so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ccplant_contracts.session import ProviderWait
from ccplant_contracts.stream import AgentStateEvent
from tests.integration.orchestrator.conftest import Plant
from tests.support.waiting import eventually


async def test_a_wait_for_the_provider_comes_and_goes(plant: Plant) -> None:
    session = await plant.create()
    runner = await plant.runner(session.id)
    retry_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=30)
    wait = ProviderWait(reason="rate_limited", retry_at=retry_at, attempts=3)
    await runner.say(AgentStateEvent(state="waiting_for_provider", provider_wait=wait))

    async def shown(state: str, expected: ProviderWait | None) -> bool:
        now = await plant.get(session.id)
        return (now.agent_state, now.provider_wait) == (state, expected)

    await eventually(lambda: shown("waiting_for_provider", wait))
    await runner.say(AgentStateEvent(state="working"))
    await eventually(lambda: shown("working", None))
