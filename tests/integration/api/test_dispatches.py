"""What waits for a session: shown with its place, taken back once, and nobody else's business."""

from __future__ import annotations

from ccplant_contracts.dispatch import Target
from tests.integration.api.conftest import Api
from tests.integration.api.test_errors import refused
from tests.integration.api.triggers import AT, dispatch
from tests.support.waiting import eventually

DISPATCHES = "/api/v1/dispatches"


async def test_what_waits_is_listed_in_the_order_of_its_places(api: Api) -> None:
    store = api.control.store
    added = [await store.dispatches.add(dispatch()) for _ in range(5)]
    await store.dispatches.add(dispatch(owner="bob"))
    await store.dispatches.wait(added[0], "place")
    page = (await api.client.get(DISPATCHES, params={"limit": 2})).json()
    assert [item["dispatch_id"] for item in page["dispatches"]] == [item.id for item in added[:2]]
    assert [item["place"] for item in page["dispatches"]] == [1, 2]
    assert (page["dispatches"][0]["waiting_for"], page["dispatches"][0]["state"]) == ("place", "waiting")
    assert (page["total"], page["has_more"], page["next_offset"]) == (5, True, 2)
    rest = (await api.client.get(DISPATCHES, params={"limit": 200, "offset": 3})).json()
    assert [item["place"] for item in rest["dispatches"]] == [4, 5]
    one = (await api.client.get(f"{DISPATCHES}/{added[4].id}")).json()
    assert (one["place"], one["message"], one["target"]) == (5, added[4].text, "new")
    assert one["source"]["name"] == "reviews"


async def test_one_that_waits_is_cancelled_once_and_those_behind_it_move_up(api: Api) -> None:
    store = api.control.store
    queue = Target("key", "pr-1")
    first = await store.dispatches.add(dispatch(target=queue, number=1))
    second = await store.dispatches.add(dispatch(target=queue, number=2))
    for _ in range(2):
        answer = await api.client.delete(f"{DISPATCHES}/{first.id}")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert (await api.client.get(f"{DISPATCHES}/{second.id}")).json()["place"] == 1
    assert (await api.client.get(DISPATCHES)).json()["total"] == 1
    everything = (await api.client.get(DISPATCHES, params={"waiting": "false"})).json()
    assert [(item["dispatch_id"], item["place"]) for item in everything["dispatches"]] == [
        (second.id, 1), (first.id, None),
    ]  # fmt: skip

    def told() -> bool:
        return any(
            item.name == "session.dispatch" and item.target_id == first.queue for item in api.control.commands
        )

    assert await eventually(told), "nobody looks at those behind it"


async def test_what_was_dispatched_or_is_about_to_be_cannot_be_cancelled(api: Api) -> None:
    store = api.control.store
    session_id = await api.running()
    about = await store.dispatches.add(dispatch())
    assert await store.dispatches.assign(about, session_id)
    done = await store.dispatches.add(dispatch())
    assert await store.dispatches.dispatched(
        done, session_id=session_id, prompt_id="prompt-1", created=True, at=AT
    )
    for dispatch_id, state in ((about.id, "dispatching"), (done.id, "dispatched")):
        error = refused(await api.client.delete(f"{DISPATCHES}/{dispatch_id}"), 409, "CONFLICT")
        assert error["details"]["state"] == state
    shown = (await api.client.get(f"{DISPATCHES}/{done.id}")).json()
    assert (shown["session_id"], shown["session_created"], shown["place"]) == (session_id, True, None)


async def test_another_owners_dispatch_does_not_exist(api: Api) -> None:
    added = await api.control.store.dispatches.add(dispatch())
    for dispatch_id in (added.id, "disp-0000000000000000", "nonsense", "%00"):
        for method in ("GET", "DELETE"):
            refused(await api.other.request(method, f"{DISPATCHES}/{dispatch_id}"), 404, "NOT_FOUND")
    assert (await api.other.get(DISPATCHES)).json()["total"] == 0
    assert (await api.client.get(f"{DISPATCHES}/{added.id}")).json()["state"] == "waiting"
