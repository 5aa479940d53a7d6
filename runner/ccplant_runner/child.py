"""Runs a program of the start (git, set-up): its own process group, its lines on the log, ended when the start is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ccplant_runner.agents.process import drain_lines


async def run_program(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], on_line: Callable[[str], None]
) -> int:
    """Return the exit code (negative: the signal); when this is cancelled the whole group is killed.

    Raises:
        OSError: there is no such program.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    drain = asyncio.create_task(drain_lines(process.stdout, on_line)) if process.stdout is not None else None
    try:
        code = await process.wait()
        # what it left behind may hold the pipe open for ever
        if drain is not None:
            await asyncio.wait({drain}, timeout=1)
        return code
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if drain is not None:
            drain.cancel()
            await asyncio.gather(drain, return_exceptions=True)
        if process.returncode is None:
            await process.wait()
