"""Whoever follows the Pods can be told to stop at any moment, also while nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from ccplant_orchestrator.runtimes.kubernetes.api import Kind, Listing, WatchEvent
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_platform.clock import SystemClock
from tests.unit.orchestrator.runtimes.kubernetes.scripted_api import ScriptedApi


class _Quiet(ScriptedApi):
    """Nothing is there, and nothing happens."""

    def __init__(self) -> None:
        super().__init__(lists=[Listing((), "1", None)], watches=[])
        self.watched = asyncio.Event()
        self.left = asyncio.Event()

    async def watch(self, kind: Kind, *, version: str, **_: Any) -> AsyncGenerator[WatchEvent, None]:
        self.watched.set()
        try:
            await asyncio.Event().wait()
            yield WatchEvent("BOOKMARK", {})
        finally:
            self.left.set()


async def _follow(runtime: KubernetesRuntime) -> None:
    async for _ in runtime.changes():
        raise AssertionError("there is nothing to tell")


def _runtime(api: _Quiet) -> KubernetesRuntime:
    return KubernetesRuntime(api, KubernetesOptions(namespace="sessions"), SystemClock())


async def test_a_follower_that_is_cancelled_ends_as_cancelled() -> None:
    """Anything else would be taken for a failure of the cluster, and followed by the next try."""
    api = _Quiet()
    following = asyncio.create_task(_follow(_runtime(api)))
    await api.watched.wait()
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert api.left.is_set()


async def test_a_follower_ends_when_the_runtime_is_closed() -> None:
    api = _Quiet()
    runtime = _runtime(api)
    following = asyncio.create_task(_follow(runtime))
    await api.watched.wait()
    await runtime.aclose()
    async with asyncio.timeout(20):
        await following
    assert api.left.is_set()
