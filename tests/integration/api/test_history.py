"""The stream is read backwards in pieces that lie against each other, whoever asks and however much there is."""

from __future__ import annotations

import pytest

from ccplant_contracts.stream import StreamPage
from tests.integration.api.conftest import Api
from tests.integration.api.test_live import chunks


async def test_pages_from_the_end_are_the_stream_without_gap_or_repetition(api: Api) -> None:
    session_id = await api.running()
    for first in range(0, 230, 23):
        await api.control.store_events(session_id, chunks(first, 23))
    async with api.socket(session_id, "?since=0") as viewer:
        await viewer.until_seq(230)
        told = [frame for frame in viewer.frames if "seq" in frame]
    read: list[object] = []
    before: int | None = None
    while True:
        query = {"limit": 60} | ({} if before is None else {"before": before})
        answer = await api.client.get(f"/api/v1/sessions/{session_id}/stream", params=query)
        assert answer.status_code == 200, answer.text
        page = StreamPage.model_validate_json(answer.content)
        assert page.last_seq == 230
        read = [*answer.json()["events"], *read]
        before = page.events[0].seq
        if not page.has_more:
            break
    assert read == told, "the same frames as over the WebSocket"


async def test_a_page_is_bounded_in_bytes_and_has_one_event_at_least(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = await api.running()
    await api.control.store_events(session_id, chunks(0, 40))
    monkeypatch.setattr("ccplant_api.live.history.MAX_PAGE_BYTES", 1_000)
    page = (await api.client.get(f"/api/v1/sessions/{session_id}/stream")).json()
    assert 1 < len(page["events"]) < 40
    assert [event["seq"] for event in page["events"]] == list(range(41 - len(page["events"]), 41))
    assert page["has_more"]
    monkeypatch.setattr("ccplant_api.live.history.MAX_PAGE_BYTES", 1)
    page = (await api.client.get(f"/api/v1/sessions/{session_id}/stream?before=10")).json()
    assert [event["seq"] for event in page["events"]] == [9]


async def test_what_is_not_there_is_an_empty_page_or_no_session(api: Api) -> None:
    session_id = await api.running()
    address = f"/api/v1/sessions/{session_id}/stream"
    assert (await api.client.get(address)).json() == {"events": [], "last_seq": 0, "has_more": False}
    await api.control.store_events(session_id, chunks(0, 3))
    assert (await api.client.get(f"{address}?before=1")).json()["events"] == []
    assert len((await api.client.get(f"{address}?before=900")).json()["events"]) == 3
    assert (await api.other.get(address)).status_code == 404
    for query in ("before=0", "before=x", "limit=0", "limit=1001"):
        assert (await api.client.get(f"{address}?{query}")).status_code == 400, query
