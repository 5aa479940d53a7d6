"""A long past for a session: its events are written where the gateway reads them, in seconds instead of hours."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from ccplant_contracts.stream import MessageChunk, StreamData, StreamEvent, Tool, Turn
from ccplant_store.store import Store

_AT_ONCE = 500


def remember(data_dir: Path, session_id: str, turns: int) -> int:
    """Give an idle session so many turns of ten events each; return the number of its last event."""
    url = (data_dir / "secrets" / "mongodb.url").read_text().strip()
    # the browser's library keeps an event loop in this thread
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _remember(url, session_id, turns)).result(120)


async def _remember(url: str, session_id: str, turns: int) -> int:
    store = await Store.connect(url)
    try:
        session = await store.sessions.get(session_id)
        assert session is not None
        first = session.stored_to + 1
        data = [each for turn in range(turns) for each in _turn(turn)]
        now = datetime.now(UTC)
        events = [StreamEvent(seq=seq, at=now, data=each) for seq, each in enumerate(data, start=first)]
        for at in range(0, len(events), _AT_ONCE):
            await store.output.insert(session_id, events[at : at + _AT_ONCE])
        last = events[-1].seq
        assert await store.sessions.advance(session_id, session.stored_to, last, at=now)
        return last
    finally:
        store.close()


def _turn(number: int) -> list[StreamData]:
    prompt = f"past-{number}"
    said = f"Answer **{number}**: `code`, and some words of it.\n\n"
    message = f"said-{number}"
    pieces = [said, "- one thing\n", "- another thing\n"]
    told: list[StreamData] = []
    offset = 0
    for piece in pieces:
        last = piece is pieces[-1]
        told.append(
            MessageChunk(
                message_id=message, prompt_id=prompt, role="agent", offset=offset, text=piece, final=last
            )
        )
        offset += len(piece)
    return [
        MessageChunk(
            message_id=prompt, prompt_id=prompt, role="user", offset=0, text=f"Question {number}", final=True
        ),
        Turn(prompt_id=prompt, state="started"),
        *(_tool(prompt, f"{prompt}-{at}", name, at) for at, name in enumerate(("Read", "Read", "Bash"))),
        _tool(prompt, f"{prompt}-edit", "Edit", number),
        *told,
        Turn(prompt_id=prompt, state="done"),
    ]


def _tool(prompt: str, call: str, name: str, number: int) -> Tool:
    failed = name == "Edit" and number % 2 == 0
    return Tool(
        tool_call_id=call,
        prompt_id=prompt,
        name=name,
        title=f"{name} file {number}",
        kind="read",
        status="failed" if failed else "completed",
    )
