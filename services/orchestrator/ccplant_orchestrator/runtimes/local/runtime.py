"""The local runtime: `Runtime` over folders, supervisors and signals.

It remembers nothing that matters. Everything is in the data folder and in /proc, so another replica, or this one after
a crash, sees the same.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet

import structlog

from ccplant_contracts.launch import LaunchSpec
from ccplant_contracts.messages import explain
from ccplant_contracts.session import Diagnosis, SessionConfig
from ccplant_contracts.stream import StreamEvent
from ccplant_orchestrator.runtimes.local import (
    bounded_log,
    ending,
    exit_record,
    files,
    launcher,
    observe,
    processes,
    sweeping,
    wal,
)
from ccplant_orchestrator.runtimes.local.children import Children
from ccplant_orchestrator.runtimes.local.layout import DataFolder, LaunchFolder, make_private
from ccplant_orchestrator.runtimes.local.options import LocalOptions
from ccplant_orchestrator.runtimes.protocol import (
    LOG_TAIL_LINES,
    CurrentLaunches,
    KnownVolumes,
    LaunchRef,
    LaunchRefusedError,
    Observation,
    RuntimeFailedError,
    StartProblem,
    StillRunningError,
    Volume,
    VolumeInUseError,
)

_log = structlog.get_logger(__name__)

_LOOK_SECONDS = 0.01
_SLOWEST_LOOK_SECONDS = 0.1


class LocalRuntime:
    """Sessions as process trees on this machine."""

    kind = "local"
    limits_enforced = False
    namespace = "local"

    def __init__(self, options: LocalOptions) -> None:
        self._options = options
        self._data = DataFolder(options.data_dir.expanduser().resolve())
        make_private(self._data.sessions)
        self._anchor = launcher.anchor_of(options.anchor_pid)
        self._children = Children()
        self._watches: set[observe.Watch] = set()
        self._is_closed = False

    async def launch(
        self, spec: LaunchSpec, ref: LaunchRef, config: SessionConfig, volume: Volume | None
    ) -> None:
        """Start a supervisor; if the launch has one, or had one, the new one leaves at once."""
        if config.image is not None:
            raise _refused("sessions on this machine have no image")
        answer = await self._supervise(spec, ref, volume)
        self._poke()
        word, _, detail = answer.partition(" ")
        if word == "refused":
            raise _refused(detail)
        if word == "claimed":
            raise VolumeInUseError(f"the volume {volume.id if volume else ''} is in use")
        if word == "failed":
            raise RuntimeFailedError(detail)
        _log.info("launched", session_id=ref.session_id, launch_id=ref.launch_id, outcome=word)

    async def _supervise(self, spec: LaunchSpec, ref: LaunchRef, volume: Volume | None) -> str:
        def start() -> tuple[int, int]:
            folder = launcher.prepare(self._data, ref, volume)
            content = launcher.order(
                self._options, self._data, folder, spec, anchor=self._anchor, volume=volume
            )
            return launcher.spawn(content)

        folder = self._folder(ref)
        if self._data.fence(ref.launch_id).exists() or folder.exit.exists():
            return "over"
        try:
            pid, answering = await asyncio.to_thread(start)
        except OSError as error:
            raise RuntimeFailedError(f"cannot start: {error}") from error
        self._children.add(pid)
        return await launcher.answer_of(answering, self._options.start_bound_seconds)

    async def signal_stop(self, ref: LaunchRef, *, grace_seconds: float) -> None:
        """Send SIGTERM to the runner; the grace is the caller's, who destroys after it."""
        folder = self._folder(ref)
        runner = exit_record.Process.of(files.read_json(str(folder.runner)))
        if runner is not None and exit_record.supervised(folder):
            processes.send(runner.pid, runner.start_time, signal.SIGTERM)
            _log.info("stop_signalled", launch_id=ref.launch_id, grace_seconds=grace_seconds)

    async def destroy(self, ref: LaunchRef, *, force: bool) -> None:
        """Have the supervisor end its tree; where it does not, do it here."""
        folder = self._folder(ref)
        await asyncio.to_thread(ending.fence, self._data, ref.launch_id)
        asked = time.monotonic()
        patience = 2.0 if force else self._options.end_grace_seconds + 2.0
        told = overruled = False
        delay = _LOOK_SECONDS
        while not await asyncio.to_thread(ending.end_unsupervised, self._data, folder):
            waited = time.monotonic() - asked
            if not told and exit_record.supervised(folder):
                ending.tell_supervisor(folder, force=force)
                told = True
            elif waited > patience and not overruled:
                await asyncio.to_thread(ending.overrule_supervisor, folder)
                overruled = True
            elif waited > patience + self._options.end_bound_seconds:
                raise StillRunningError(f"{ref.launch_id} did not end within {waited:.0f} s")
            await asyncio.sleep(delay)
            delay = min(delay * 1.5, _SLOWEST_LOOK_SECONDS)
        self._children.reap()
        self._poke()

    async def release(self, ref: LaunchRef) -> None:
        """Remove the launch's folder."""
        await asyncio.to_thread(ending.remove, self._data, ref)
        self._poke()

    async def delete_volume(self, volume_id: str) -> None:
        """Remove the volume's folder."""
        await asyncio.to_thread(ending.remove_volume, self._data, volume_id)

    async def get(self, ref: LaunchRef) -> Observation | None:
        """Read the launch's folder."""
        try:
            return await asyncio.to_thread(observe.look, self._data, self._folder(ref))
        except OSError as error:
            raise RuntimeFailedError(f"cannot look: {error}") from error

    async def list(self) -> Sequence[Observation]:
        """Read all folders."""

        def look() -> Sequence[Observation]:
            found = (observe.look(self._data, folder) for folder in self._data.launches())
            return [observation for observation in found if observation is not None]

        try:
            return await asyncio.to_thread(look)
        except OSError as error:
            raise RuntimeFailedError(f"cannot look: {error}") from error

    async def changes(self) -> AsyncIterator[Observation]:
        """Follow all launches until this runtime is closed."""
        watch = observe.Watch(self._data, self._options.poll_seconds, lambda: self._is_closed)
        self._watches.add(watch)
        try:
            async for observation in watch.follow():
                yield observation
        finally:
            self._watches.discard(watch)

    def remaining_output(self, ref: LaunchRef, after_seq: int) -> AsyncIterator[StreamEvent]:
        """Read the runner's log from the disk."""
        return wal.read(self._folder(ref).wal, after_seq)

    async def log_tail(self, ref: LaunchRef, lines: int = LOG_TAIL_LINES) -> tuple[str, ...]:
        """Read the end of what runner and agent wrote."""
        folder = self._folder(ref)
        return await asyncio.to_thread(bounded_log.tail, str(folder.log), str(folder.earlier_log), lines)

    async def diagnose(self, ref: LaunchRef) -> StartProblem | None:
        """Tell where the runner could not even be executed; the rest is in the exit record and the runner's steps."""
        ended = await asyncio.to_thread(files.read_json, str(self._folder(ref).exit))
        error = ended.get("start_error") if ended else None
        return StartProblem(_start_failed(str(error)), hopeless=True) if error else None

    async def sweep(self, current: CurrentLaunches, volumes: KnownVolumes) -> int:
        """Collect what no current launch owns, and volumes that nobody has a record of."""
        seen = await asyncio.to_thread(sweeping.look, self._data)
        owned = await current()
        collected: set[str] = set()
        for ref in sweeping.abandoned(seen, owned):
            try:
                await self.destroy(ref, force=True)
                await self.release(ref)
                collected.add(ref.launch_id)
            except RuntimeFailedError as error:
                _log.warning("sweep_failed", launch_id=ref.launch_id, error=str(error))
        collected |= await asyncio.to_thread(sweeping.rest, self._data, seen, owned)
        return len(collected) + await self._sweep_volumes(seen.volumes, await volumes())

    async def _sweep_volumes(self, seen: AbstractSet[str], known: AbstractSet[str]) -> int:
        collected = 0
        for volume_id in sorted(seen - known):
            try:
                await self.delete_volume(volume_id)
                collected += 1
            except VolumeInUseError as error:
                _log.warning("volume_not_swept", volume_id=volume_id, error=str(error))
        return collected

    async def aclose(self) -> None:
        """End the watches; sessions go on."""
        self._is_closed = True
        self._children.close()
        self._poke()

    def _folder(self, ref: LaunchRef) -> LaunchFolder:
        return self._data.launch(ref.session_id, ref.launch_id)

    def _poke(self) -> None:
        for watch in self._watches:
            watch.poke()


def _start_failed(detail: str) -> Diagnosis:
    entry = explain("start_failed", detail=detail)
    return Diagnosis(
        code="start_failed",
        message={"ja": entry.message.ja, "en": entry.message.en},
        hint={"ja": entry.hint.ja, "en": entry.hint.en},
        evidence={"detail": detail},
    )


def _refused(detail: str) -> LaunchRefusedError:
    return LaunchRefusedError(_start_failed(detail))
