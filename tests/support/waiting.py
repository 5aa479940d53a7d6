"""Waiting for conditions: the only place in the tests that sleeps, and never for a fixed time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast, overload

T = TypeVar("T")

_INTERVAL = 0.01
_PATIENCE = 3.0
"""What a machine that does other things as well may take, in times of what an idle one is given."""


@overload
async def eventually(
    condition: Callable[[], Awaitable[T]], timeout: float = 10.0, *, interval: float = _INTERVAL
) -> T: ...
@overload
async def eventually(
    condition: Callable[[], T], timeout: float = 10.0, *, interval: float = _INTERVAL
) -> T: ...
async def eventually(
    condition: Callable[[], T | Awaitable[T]], timeout: float = 10.0, *, interval: float = _INTERVAL
) -> T:
    """Return the first true value of the condition (sync or async); an `AssertionError` raised in it means «not yet».

    `timeout` is what an idle machine may take.

    Raises:
        AssertionError: it did not come true in time; the last value or failure is told.
    """
    patience = timeout * _PATIENCE
    ends = time.monotonic() + patience
    last: object = None
    while True:
        try:
            value = condition()
            result = cast("T", await value if inspect.isawaitable(value) else value)
            if result:
                return result
            last = result
        except AssertionError as error:
            last = error
        if time.monotonic() >= ends:
            raise AssertionError(f"not true within {patience:g} s: {_told(condition)}; last: {last!r}")
        await asyncio.sleep(interval)


def wait_until(condition: Callable[[], bool], timeout: float, what: str) -> None:
    """Wait in code without an event loop (fixtures).

    Raises:
        TimeoutError: it did not come true in time.
    """
    patience = timeout * _PATIENCE
    ends = time.monotonic() + patience
    while not condition():
        if time.monotonic() >= ends:
            raise TimeoutError(f"{what}: not within {patience:g} s")
        time.sleep(_INTERVAL)


def _told(condition: Callable[..., object]) -> str:
    try:
        return " ".join(inspect.getsource(condition).split())[:200]
    except (OSError, TypeError):
        return repr(condition)
