"""Over HTTP and a real bus: the files that changed, asked of the launch that runs, and what is said where none answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from nats.aio.msg import Msg

from ccplant_api.changes import asking
from ccplant_contracts import subjects
from ccplant_contracts.changes import (
    Changes,
    ChangesAnswer,
    ChangesBase,
    ChangesRequest,
    FileChange,
    FileDiff,
)
from ccplant_platform.bus.connection import connect, flush
from tests.integration.api.conftest import Api

LIST = Changes(
    base=ChangesBase(branch="main", commit="a" * 40),
    files=(FileChange(path="new\nname", status="untracked", additions=1, deletions=0),),
    taken_at=datetime(2026, 1, 2, tzinfo=UTC),
)
DIFF = FileDiff(path="new\nname", status="untracked", diff="+日本語\n" * 60_000)
_BYTES = 100_000


@asynccontextmanager
async def answering(api: Api, session_id: str) -> AsyncIterator[list[ChangesRequest]]:
    """Let the session's runner answer, with its own credential."""
    session = await api.control.session(session_id)
    assert session.launch is not None
    runner = await connect(api.nats.launch_access(session.launch.id), name="runner")
    asked: list[ChangesRequest] = []

    async def answer(message: Msg) -> None:
        request = ChangesRequest.model_validate_json(message.data)
        asked.append(request)
        path = next(item.path for item in reversed(asked) if item.answer_id is None)
        whole = (LIST if path is None else DIFF).model_dump_json().encode()
        pieces = [whole[at : at + _BYTES] for at in range(0, len(whole), _BYTES)]
        head = ChangesAnswer(ok=True, pieces=len(pieces), answer_id="kept")
        if path == "missing":
            head = ChangesAnswer(ok=False, fault="not_changed")
        await message.respond(head.model_dump_json().encode() + b"\n" + pieces[request.index])

    await runner.subscribe(subjects.runner_in(session.launch.id, "changes"), cb=answer)
    await flush(runner)
    yield asked
    await runner.close()


async def test_the_list_and_a_diff_are_what_the_runner_says(api: Api) -> None:
    session_id = await api.running()
    async with answering(api, session_id) as asked:
        listed = await api.client.get(f"/api/v1/sessions/{session_id}/changes")
        assert listed.status_code == 200, listed.text
        assert listed.json() == {
            "base": {"branch": "main", "commit": "a" * 40},
            "files": [
                {
                    "path": "new\nname", "old_path": None, "status": "untracked", "additions": 1, "deletions": 0,
                    "binary": False,
                }
            ],
            "truncated": False,
            "taken_at": "2026-01-02T00:00:00.000Z",
        }  # fmt: skip
        diff = await api.client.get(
            f"/api/v1/sessions/{session_id}/changes/file", params={"path": "new\nname"}
        )
        assert diff.json()["diff"] == DIFF.diff
        assert len(asked) > 3, "it came in pieces"
        missing = await api.client.get(
            f"/api/v1/sessions/{session_id}/changes/file", params={"path": "missing"}
        )
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_nobody_else_sees_them_and_a_path_is_needed(api: Api) -> None:
    session_id = await api.running()
    async with answering(api, session_id) as asked:
        for path in ("", "/file?path=x"):
            assert (await api.other.get(f"/api/v1/sessions/{session_id}/changes{path}")).status_code == 404
        for query in ("", "?path="):
            refused = await api.client.get(f"/api/v1/sessions/{session_id}/changes/file{query}")
            assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_REQUEST")
        assert asked == []


async def test_a_session_that_does_not_run_says_so(api: Api) -> None:
    session_id = (await api.create())["session_id"]
    pending = await api.client.get(f"/api/v1/sessions/{session_id}/changes")
    assert (pending.status_code, pending.json()["error"]["code"]) == (503, "SESSION_NOT_READY")
    assert pending.json()["error"]["details"]["step"] == "queued"
    await api.control.run(session_id)
    silent = await api.client.get(f"/api/v1/sessions/{session_id}/changes")
    assert (silent.status_code, silent.json()["error"]["code"]) == (503, "UNAVAILABLE")
    assert silent.headers["retry-after"] == "5"
    assert "does not answer" in silent.json()["error"]["message"]
    await api.control.end(session_id)
    ended = await api.client.get(f"/api/v1/sessions/{session_id}/changes")
    assert (ended.status_code, ended.json()["error"]["code"]) == (409, "CONFLICT")
    assert ended.json()["error"]["details"]["status"] == "terminated"


async def test_a_runner_that_hears_and_is_silent_is_waited_for_so_long(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_FIRST_SECONDS", 0.2)
    session_id = await api.running()
    session = await api.control.session(session_id)
    assert session.launch is not None
    runner = await connect(api.nats.launch_access(session.launch.id), name="runner")

    async def say_nothing(message: Msg) -> None:
        del message

    await runner.subscribe(subjects.runner_in(session.launch.id, "changes"), cb=say_nothing)
    await flush(runner)
    silent = await api.client.get(f"/api/v1/sessions/{session_id}/changes")
    assert (silent.status_code, silent.json()["error"]["code"]) == (503, "UNAVAILABLE")
    await runner.close()
