"""No wait for a runtime is endless, and what a runtime says passes unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NoReturn

import pytest

from ccplant_contracts.session import SessionConfig
from ccplant_contracts.stream import StreamEvent
from ccplant_orchestrator.runtimes import bounded
from ccplant_orchestrator.runtimes.bounded import BoundedRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRef, RuntimeFailedError, VolumeInUseError
from tests.contract.runtime_place import new_ref, no_volumes, owned, spec_for
from tests.support.memory_runtime import MemoryRuntime

REF = new_ref()


class Hanging(MemoryRuntime):
    """Answers nothing."""

    async def remaining_output(self, ref: LaunchRef, after_seq: int) -> AsyncIterator[StreamEvent]:
        await asyncio.Event().wait()
        for event in self.tail[ref.launch_id]:
            yield event


async def _hang(*_args: object, **_options: object) -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError


async def _drain(runtime: BoundedRuntime) -> None:
    async for _ in runtime.remaining_output(REF, 0):
        pass


CALLS: dict[str, Callable[[BoundedRuntime], Awaitable[object]]] = {
    "launch": lambda runtime: runtime.launch(spec_for(REF, "wait"), REF, SessionConfig(), None),
    "signal_stop": lambda runtime: runtime.signal_stop(REF, grace_seconds=1),
    "destroy": lambda runtime: runtime.destroy(REF, force=True),
    "release": lambda runtime: runtime.release(REF),
    "delete_volume": lambda runtime: runtime.delete_volume("v"),
    "get": lambda runtime: runtime.get(REF),
    "list": lambda runtime: runtime.list(),
    "remaining_output": _drain,
    "log_tail": lambda runtime: runtime.log_tail(REF),
    "diagnose": lambda runtime: runtime.diagnose(REF),
    "sweep": lambda runtime: runtime.sweep(owned(), no_volumes),
    "aclose": lambda runtime: runtime.aclose(),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_call_that_hangs_fails_in_time(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for bound in ("LOOK", "LIST", "CHANGE", "END", "SWEEP"):
        monkeypatch.setattr(bounded, f"{bound}_SECONDS", 0.01)
    hanging = Hanging()
    if call != "remaining_output":
        monkeypatch.setattr(hanging, call, _hang)
    with pytest.raises(RuntimeFailedError, match=call):
        await CALLS[call](BoundedRuntime(hanging))


async def test_what_a_runtime_says_passes_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = MemoryRuntime()
    bound = BoundedRuntime(runtime)
    await CALLS["launch"](bound)
    assert await bound.get(REF) == runtime.observed[REF.launch_id]
    assert (bound.kind, bound.namespace, bound.limits_enforced) == ("memory", "memory", False)

    async def in_use(_volume_id: str) -> NoReturn:
        raise VolumeInUseError("v")

    async def own_timeout(_ref: LaunchRef) -> NoReturn:
        raise TimeoutError("of its own")

    monkeypatch.setattr(runtime, "delete_volume", in_use)
    with pytest.raises(VolumeInUseError):
        await bound.delete_volume("v")
    monkeypatch.setattr(runtime, "get", own_timeout)
    with pytest.raises(TimeoutError, match="of its own"):
        await bound.get(REF)
