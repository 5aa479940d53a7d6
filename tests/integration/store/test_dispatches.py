"""A dispatch and its prompt: of the two, one always knows what became of the other (W3)."""

from __future__ import annotations

from ccplant_contracts.dispatch import DispatchSource, Target
from ccplant_contracts.session import Mode, SessionConfig
from ccplant_contracts.status import Reason
from ccplant_store import Store
from ccplant_store.dispatches.model import DispatchDoc, StartDoc, new_dispatch
from ccplant_store.sessions.model import SessionDoc
from tests.support.documents import NOW, OWNER, queued_prompt, running_session


async def added(store: Store, trigger: str = "test:1", target: Target | None = None) -> DispatchDoc:
    """A dispatch that waits."""
    wanted = target or Target("last")
    queue = wanted.queue(OWNER, "")
    return await store.dispatches.add(
        new_dispatch(
            owner=OWNER,
            source=DispatchSource(kind="webhook", id="hook-1", name="test"),
            trigger=trigger,
            target=wanted,
            text="hello",
            start=StartDoc(name="triggered", mode=Mode.INTERACTIVE, config=SessionConfig()),
            at=NOW,
            number=await store.slots.next_number(queue),
        )
    )


async def dispatched_to(store: Store, session: SessionDoc, dispatch: DispatchDoc) -> DispatchDoc:
    """Its prompt is in the session."""
    prompt = await queued_prompt(store, session, dispatch_id=dispatch.id)
    done = await store.dispatches.dispatched(
        dispatch, session_id=session.id, prompt_id=prompt.id, created=False, at=NOW
    )
    assert done is not None
    return done


async def test_one_that_comes_back_has_all_its_tries_again(store: Store) -> None:
    """Failures of ours before its prompt got into a session, and after that one's end, do not add up."""
    dispatch = await added(store)
    for _ in range(9):
        tried = await store.dispatches.wait(dispatch, "retry", until=NOW, tried=True)
        assert tried is not None
        dispatch = tried
    session = await running_session(store)
    done = await dispatched_to(store, session, dispatch)
    assert done.attempts == 9
    assert await store.sessions.transition(session, Reason.POD_DELETED, now=NOW) is not None
    await store.prompts.settle(session.id, at=NOW)
    again = await store.dispatches.get(dispatch.id)
    assert again is not None
    assert (again.state, again.attempts, again.next_attempt_at) == ("waiting", 0, None)
    assert [each.session_id for each in again.tried] == [session.id]
