"""Which processes belong to an installation: by descent, and by the folder that they name.

Descent alone misses what ran away (a session of its own, adopted by another parent); the folder alone misses what names it
nowhere. Together they find what a run left behind. Processes are named by pid and start time: a pid alone may
be somebody else's by now.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Known:
    """One process, never another that got its pid."""

    pid: int
    started: float
    name: str

    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def send(self, number: signal.Signals) -> None:
        """Signal it, if it still is that one."""
        if self.alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return


def known(pid: int) -> Known | None:
    """Return a running process; None where there is none."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return Known(pid, process.create_time(), _told(process))
    except psutil.Error:
        return None


def descendants(pid: int) -> set[Known]:
    """Return all that runs below a process."""
    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return set()
    return {found for process in below if (found := known(process.pid)) is not None}


def naming(folder: Path) -> set[Known]:
    """Return all whose command line, working directory or environment names a folder."""
    wanted, own = str(folder), os.getpid()
    found = set()
    for process in psutil.process_iter():
        if process.pid != own and any(wanted in text for text in _texts(process)):
            one = known(process.pid)
            if one is not None:
                found.add(one)
    return found


def alive(processes: Iterable[Known]) -> list[Known]:
    """Return those that still run."""
    return [process for process in processes if process.alive()]


def memory_of(pid: int) -> int:
    """Return the resident bytes of a process."""
    return int(psutil.Process(pid).memory_info().rss)


def peers_of(pid: int) -> set[int]:
    """Return the ports of all who are connected to a process."""
    connections = psutil.Process(pid).net_connections(kind="tcp")
    open_ones = [connection for connection in connections if connection.status == psutil.CONN_ESTABLISHED]
    return {int(connection.raddr[1]) for connection in open_ones}


def _texts(process: psutil.Process) -> list[str]:
    texts: list[str] = []
    try:
        texts.extend(process.cmdline())
        texts.append(process.cwd())
        texts.extend(process.environ().values())
    except (psutil.Error, OSError):
        return texts
    return texts


def _told(process: psutil.Process) -> str:
    return " ".join(process.cmdline())[:160] or process.name()
