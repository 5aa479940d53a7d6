"""Starts supervisors. A launch that was asked for twice gets two supervisors, of which the lock lets one live.

The order, secrets included, travels in an anonymous file in memory: a crash of either side leaves nothing readable
behind, and it reaches the supervisor even when the launcher is killed in between.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from ccplant_contracts.launch import LaunchSpec
from ccplant_orchestrator.runtimes.local import files, processes
from ccplant_orchestrator.runtimes.local.layout import (
    DATA_MARK,
    LAUNCH_MARK,
    DataFolder,
    LaunchFolder,
    VolumeFolder,
    make_private,
)
from ccplant_orchestrator.runtimes.local.options import LocalOptions
from ccplant_orchestrator.runtimes.protocol import LaunchRef, RuntimeFailedError, Volume

_SCRIPT = Path(__file__).with_name("supervise.py")
_PASSED_ON = (
    "PATH", "TZ", "CCPLANT_FAULT", "CCPLANT_LOG_LEVEL", "CCPLANT_LOG_FORMAT", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
"""What a runner inherits: how to find programs and the network. Never our own addresses and credentials."""


def prepare(data: DataFolder, ref: LaunchRef, volume: Volume | None) -> LaunchFolder:
    """Make the launch's folders; harmless to repeat."""
    folder = data.launch(ref.session_id, ref.launch_id)
    for path in (folder.wal, folder.temporary, data.fences):
        make_private(path)
    if volume is None:
        make_private(folder.workspace)
        make_private(folder.home)
    else:
        _prepare_volume(data.volume(volume.id), folder)
    if not folder.reference.exists():
        files.write_json(
            str(folder.reference),
            {
                "session_id": ref.session_id,
                "launch_id": ref.launch_id,
                "attempt": ref.attempt,
                "pod_name": ref.pod_name,
                "volume": None if volume is None else volume.id,
            },
        )
    return folder


def _prepare_volume(volume: VolumeFolder, folder: LaunchFolder) -> None:
    """The agent's home lives beside the workspace, so that a session that resumes finds the conversation (S14)."""
    make_private(volume.workspace)
    make_private(volume.home)
    if not folder.home.is_symlink():
        folder.home.symlink_to(volume.home)


def order(
    options: LocalOptions,
    data: DataFolder,
    folder: LaunchFolder,
    spec: LaunchSpec,
    *,
    anchor: tuple[int, int] | None,
    volume: Volume | None,
) -> bytes:
    """Write down what the supervisor is to do."""
    place = None if volume is None else data.volume(volume.id)
    complete = spec.model_copy(
        update={
            "workspace": str(folder.workspace if place is None else place.workspace),
            "state_dir": str(folder.state),
        }
    )
    content: dict[str, object] = {
        "directory": str(folder.path),
        "fence": str(data.fence(spec.launch_id)),
        "claim": None if place is None else str(place.claim),
        "command": [*options.runner_command, "--spec", str(folder.spec)],
        "environment": {**_environment(folder, data.data_id()), **options.environment},
        "spec": complete.model_dump_json(),
        "anchor": list(anchor) if anchor else None,
        "grace_seconds": options.end_grace_seconds,
        "log_limit_bytes": options.log_limit_bytes,
    }
    return json.dumps(content).encode()


def _environment(folder: LaunchFolder, data_id: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {
        "PATH": os.defpath,
        **inherited,
        "LANG": "C.UTF-8",
        "HOME": str(folder.home),
        "TMPDIR": str(folder.temporary),
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "CCPLANT_TERMINATION_LOG": str(folder.last_word),
        LAUNCH_MARK: folder.launch_id,
        DATA_MARK: data_id,
    }


def anchor_of(pid: int | None) -> tuple[int, int] | None:
    """Name the process that sessions must not outlive; one that is gone already matches nothing that lives."""
    return None if pid is None else (pid, processes.start_time(pid) or 0)


def spawn(content: bytes) -> tuple[int, int]:
    """Start a supervisor; return its pid and the descriptor on which it will answer with one line."""
    memory = os.memfd_create("ccplant-launch")
    answer, answering = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        with os.fdopen(os.dup(memory), "wb") as file:
            file.write(content)
        os.lseek(memory, 0, os.SEEK_SET)
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", str(_SCRIPT)],
            {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, memory, 0),
                (os.POSIX_SPAWN_DUP2, answering, 1),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
        )
    except OSError:
        os.close(answer)
        raise
    finally:
        os.close(memory)
        os.close(answering)
    return pid, answer


async def answer_of(fd: int, seconds: float) -> str:
    """Wait for the supervisor's one line, and close the descriptor.

    Raises:
        RuntimeFailedError: none came in time, or it died before.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    received = bytearray()

    def readable() -> None:
        piece = os.read(fd, 4096)
        received.extend(piece)
        if (not piece or piece.endswith(b"\n")) and not ended.done():
            ended.set_result(None)

    loop.add_reader(fd, readable)
    try:
        async with asyncio.timeout(seconds):
            await ended
    except TimeoutError:
        raise RuntimeFailedError(f"the supervisor did not answer within {seconds:g} s") from None
    finally:
        loop.remove_reader(fd)
        os.close(fd)
    if not received:
        raise RuntimeFailedError("the supervisor died before it answered")
    return received.decode(errors="replace").strip()
