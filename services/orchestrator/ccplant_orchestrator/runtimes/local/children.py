"""Reaps the supervisors that this process started, so that none stays behind as a zombie."""

from __future__ import annotations

import asyncio
import os


class Children:
    """The supervisors among this process's children; without pidfds they are looked at with each new one."""

    def __init__(self) -> None:
        self._handles: dict[int, int | None] = {}

    def add(self, pid: int) -> None:
        """Take care of one."""
        self.reap()
        try:
            handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        except OSError:
            handle = None
        self._handles[pid] = handle
        if handle is not None:
            asyncio.get_running_loop().add_reader(handle, self._ended, pid)

    def reap(self) -> None:
        """Collect those that ended."""
        for pid in list(self._handles):
            self._ended(pid)

    def close(self) -> None:
        """Stop watching; they live on."""
        for pid in list(self._handles):
            self._drop(pid)

    def _ended(self, pid: int) -> None:
        try:
            collected, _ = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            collected = pid
        if collected == pid:
            self._drop(pid)

    def _drop(self, pid: int) -> None:
        handle = self._handles.pop(pid)
        if handle is not None:
            asyncio.get_running_loop().remove_reader(handle)
            os.close(handle)
