"""Reads what the runner was given, once, and leaves no copy of it that the agent could read.

The file holds the bus credential and every secret of the session. The agent runs under the same user: it could read the
file, or the memory of this process through ``/proc``, so the file is removed and the process made undumpable
before the agent, or anything else that the session brings, is started. In a Pod the file is a Secret that is mounted
read-only: there it stays, and what an agent can do with it is in the threat model.
"""

from __future__ import annotations

import ctypes
import errno
import sys
from pathlib import Path

from ccplant_contracts.launch import LaunchSpec

_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36


def take_spec(path: Path) -> LaunchSpec:
    """Read the spec and remove its file, where its place is not read-only.

    Raises:
        OSError: there is no such file, or it cannot be removed.
        ValueError: it is not a spec.
    """
    content = path.read_bytes()
    _remove(path)
    spec = LaunchSpec.model_validate_json(content)
    seal_process()
    return spec


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        if error.errno != errno.EROFS:
            raise


def seal_process() -> None:
    """Close this process's memory to others of the same user, and adopt whatever a dying agent leaves behind."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 or libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
