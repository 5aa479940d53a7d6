"""A service as a process: it starts or says why not, and it stops in order and in time.

SIGTERM and SIGINT ask it to stop; what does not stop within its grace is cut off, because a platform would kill it
anyway and say nothing. A second signal cuts it off at once. A service that was started by `ccplant up` ends when that
does, however that ended: an orphan would hold the ports and the database of the next start.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

import structlog
import uvloop
from pydantic import ValidationError

from ccplant_platform.alive import show_alive
from ccplant_platform.bus.connection import BusUnreachableError
from ccplant_platform.logging import configure_logging
from ccplant_platform.settings import ProcessSettings, SettingsError

_log = structlog.get_logger(__name__)

GRACE_SECONDS = 25.0
"""Below the 30 s that platforms give by default."""
_CUT_SECONDS = 3.0
PARENT = "CCPLANT_PARENT_PID"
_PR_SET_PDEATHSIG = 1

Serve = Callable[[asyncio.Event], Awaitable[None]]
"""Starts, waits for the event, stops, returns."""

_PLAIN = (SettingsError, BusUnreachableError)
"""Failures that say everything in one line."""


def run_service(name: str, serve: Serve, *, grace_seconds: float = GRACE_SECONDS) -> None:
    """Run until told to stop, then exit with 0; with 1 where it failed."""
    configure_logging(name)
    end_with_parent()
    # Modules and models stay until the end. The collector need not look at their 100,000 objects again: each full look
    # took 70 ms, in which nobody was answered.
    gc.freeze()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_run(name, serve, grace_seconds))
    sys.exit(code)


def end_with_parent(environment: Mapping[str, str] | None = None) -> None:
    """Ask for SIGTERM at the death of the process that ``CCPLANT_PARENT_PID`` names; exit where it is gone already."""
    wanted = (environment if environment is not None else os.environ).get(PARENT)
    if not wanted:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # after the call: a parent that died before it sends nothing
    if os.getppid() != int(wanted):
        _log.error("parent_gone", parent=wanted)
        sys.exit(1)


async def _run(name: str, serve: Serve, grace: float) -> int:
    stopping = asyncio.Event()
    service = asyncio.ensure_future(serve(stopping))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _on_signal, number, stopping, service)
    _log.info("service_starting", version=_version(name), pid=os.getpid())
    told = asyncio.ensure_future(stopping.wait())
    alive_file = ProcessSettings().alive_file
    living = asyncio.ensure_future(show_alive(alive_file)) if alive_file is not None else None
    try:
        await asyncio.wait((service, told), return_when=asyncio.FIRST_COMPLETED)
        if not service.done():
            await _stop(service, grace)
        return await _outcome(service, stopping)
    finally:
        told.cancel()
        if living is not None:
            living.cancel()


def _on_signal(number: signal.Signals, stopping: asyncio.Event, service: asyncio.Future[None]) -> None:
    if stopping.is_set():
        _log.warning("service_cut_off", signal=number.name)
        service.cancel()
        return
    _log.info("service_stopping", signal=number.name)
    stopping.set()


async def _stop(service: asyncio.Future[None], grace: float) -> None:
    await asyncio.wait((service,), timeout=grace)
    if service.done():
        return
    _log.error("service_stop_too_slow", seconds=grace)
    service.cancel()
    await asyncio.wait((service,), timeout=_CUT_SECONDS)
    if not service.done():
        # it swallows its cancellation; nothing in this process can end it any more
        sys.stderr.flush()
        os._exit(1)


async def _outcome(service: asyncio.Future[None], stopping: asyncio.Event) -> int:
    try:
        await service
    except asyncio.CancelledError:
        return 1
    except _PLAIN as error:
        _log.error("service_failed", error=str(error))
        return 1
    except Exception as error:  # noqa: BLE001 - the last one to see it: it is logged, and the exit code tells
        if isinstance(error, ValidationError) and error.title.endswith("Settings"):
            _log.error("service_failed", error=settings_sentence(error))
        else:
            _log.exception("service_failed")
        return 1
    if not stopping.is_set():
        _log.error("service_ended_by_itself")
        return 1
    _log.info("service_stopped")
    return 0


def settings_sentence(error: ValidationError) -> str:
    """Return which settings make no sense, and why, in one line; their values stay out of it, they may be secret."""
    told = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        variable = "_".join(str(part) for part in item["loc"]).upper()
        said = item["msg"].removeprefix("Value error, ")
        told.append(f"CCPLANT_{variable}: {said}" if variable else said)
    return "; ".join(told)


def _version(name: str) -> str | None:
    try:
        return version(f"ccplant-{name}")
    except PackageNotFoundError:
        return None
