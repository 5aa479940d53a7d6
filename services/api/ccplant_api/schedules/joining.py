"""What became of runs, asked of their dispatches, prompts and sessions in four questions, however many runs there are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ccplant_api.dispatches.joining import Fates, fates
from ccplant_api.gateway import Gateway
from ccplant_api.schedules import views
from ccplant_api.schedules.fate import Fate, fate_of
from ccplant_contracts.schedule import RunResource
from ccplant_store.prompts.model import PromptStanding
from ccplant_store.schedules.model import RunDoc
from ccplant_store.sessions.model import SessionListing


async def shown_runs(gateway: Gateway, owner: str, runs: Sequence[RunDoc]) -> tuple[RunResource, ...]:
    """Return runs as clients see them."""
    joined = await fates(gateway, owner, [run.dispatch_id for run in runs])
    made = [item for item in joined.dispatches.values() if not item.open and item.session_id is not None]
    prompts, sessions = await asyncio.gather(
        gateway.store.prompts.standings([item.prompt_id for item in made if item.prompt_id is not None]),
        gateway.store.sessions.many([item.session_id for item in made if item.session_id is not None]),
    )
    return tuple(_shown(run, joined, prompts, sessions) for run in runs)


def _shown(
    run: RunDoc,
    joined: Fates,
    prompts: dict[str, PromptStanding],
    sessions: dict[str, SessionListing],
) -> RunResource:
    if run.outcome != "handed":
        return views.run(run, None, Fate("erased"))
    dispatch = joined.of(run.dispatch_id)
    kept = joined.dispatches.get(run.dispatch_id or "")
    fate = fate_of(
        dispatch,
        ends_with_session=kept is not None and kept.target_kind == "new",
        prompt=prompts.get((dispatch and dispatch.prompt_id) or ""),
        session=sessions.get((dispatch and dispatch.session_id) or ""),
    )
    return views.run(run, dispatch, fate)
