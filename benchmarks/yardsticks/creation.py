"""The bare transaction that creating a session needs: the same documents, indexes and write concern, the driver alone.

Documents are made beforehand; what is measured is the transaction. They go to collections of their own, so that nobody
tries to run these sessions.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.read_concern import ReadConcern

from benchmarks.measuring.child import Parent
from benchmarks.measuring.pace import at_rate
from ccplant_contracts.events import LifecycleType
from ccplant_contracts.ids import new_event_id, new_prompt_id, new_session_id
from ccplant_contracts.session import SessionConfig
from ccplant_store.documents import Raw
from ccplant_store.events.model import EventDoc
from ccplant_store.indexes import INDEXES
from ccplant_store.prompts.model import PromptDoc
from ccplant_store.sessions.model import SessionDoc

OWNER = "bench"
_CONNECTIONS = 50
_EVENTS: tuple[LifecycleType, ...] = ("session.created", "prompt.queued")
_COLLECTIONS = ("sessions", "prompts", "session_events")


def documents(text: str) -> tuple[Raw, Raw, list[Raw]]:
    """Return a session, its first prompt and its two events as the product writes them."""
    now = datetime.now(UTC)
    session_id = new_session_id(OWNER)
    config = SessionConfig(agent="demo")
    session = SessionDoc(
        id=session_id,
        owner=OWNER,
        name=session_id,
        cpu_limit=config.cpu_limit,
        memory_limit=config.memory_limit,
        created_at=now,
        updated_at=now,
        config=config.model_dump(mode="json"),
        event_seq=2,
        event_at=now,
        prompt_seq=1,
    )
    prompt = PromptDoc(
        id=new_prompt_id(),
        session_id=session_id,
        owner=OWNER,
        number=1,
        text=text,
        by=OWNER,
        created_at=now,
        announced=True,
    )
    events = [
        EventDoc(
            id=new_event_id(),
            type=kind,
            session_id=session_id,
            owner=OWNER,
            sequence=number,
            time=now,
            data={"name": session_id, "mode": "interactive", "prompt_id": prompt.id, "number": 1},
        ).encode()
        for number, kind in enumerate(_EVENTS, start=1)
    ]
    return session.encode(), prompt.encode(), events


async def main() -> None:
    """Create until the benchmark ends."""
    parent = await Parent.open()
    settings = await parent.hear() or {}
    client: AsyncMongoClient[Raw] = AsyncMongoClient(settings["mongodb_url"], maxPoolSize=_CONNECTIONS)
    database = client["ccplant"]
    sessions, prompts, events = (database[f"bench_{name}"] for name in _COLLECTIONS)
    for name in _COLLECTIONS:
        await database[f"bench_{name}"].create_indexes([index.model() for index in INDEXES[name]])

    async def create(made: tuple[Raw, Raw, Sequence[Raw]]) -> float:
        session, prompt, told = made
        began = time.monotonic()

        async def write(run: AsyncClientSession) -> None:
            await sessions.insert_one(session, session=run)
            await prompts.insert_one(prompt, session=run)
            await events.insert_many(told, session=run)

        async with client.start_session() as run:
            await run.with_transaction(
                write, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern(w="majority", j=True)
            )
        return (time.monotonic() - began) * 1000

    parent.answer()
    while (order := await parent.hear()) is not None:
        rate, seconds, text = order["rate"], order["seconds"], order["text"]
        made = [documents(text) for _ in range(round(rate * seconds))]
        latencies: list[float] = []

        async def one(
            number: int,
            made: list[tuple[Any, Any, list[Any]]] = made,
            latencies: list[float] = latencies,
        ) -> None:
            latencies.append(await create(made[number]))

        await at_rate(rate, seconds, one)
        parent.answer(latencies=latencies)
    await client.close()


if __name__ == "__main__":
    asyncio.run(main())
