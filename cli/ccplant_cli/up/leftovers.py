"""A record of each child, so that the next start can end what a crash left behind.

The kernel ends children with their parent; this is the second line, for a child that does not obey (a mongod that
hangs in its shutdown, say) and would hold the data that the new one needs.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ccplant_cli.up import processes
from ccplant_cli.up.data_dir import write_private
from ccplant_cli.up.processes import Identity


def _file(run: Path, name: str) -> Path:
    return run / f"{name}.json"


def record(run: Path, name: str, pid: int) -> None:
    """Remember a child."""
    found = processes.identity(pid)
    if found is not None:
        write_private(_file(run, name), json.dumps(asdict(found)))


def forget(run: Path, name: str, pid: int) -> None:
    """Forget a child that ended, if the record is of this one."""
    known = _read(_file(run, name))
    if known is not None and known.pid == pid:
        _file(run, name).unlink(missing_ok=True)


def _read(path: Path) -> Identity | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Identity(int(content["pid"]), int(content["start_time"]), str(content["boot_id"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def sweep(run: Path, ended: Callable[[str, int], None], *, patience: float = 8.0) -> None:
    """End what an earlier instance left: time to finish (they were told to by the kernel), then SIGKILL."""
    left: dict[Identity, Path] = {}
    for path in run.glob("*.json"):
        known = _read(path)
        if known is not None and processes.runs(known):
            left[known] = path
        else:
            path.unlink(missing_ok=True)
    for known in left:
        processes.send(known.pid, signal.SIGTERM)
        processes.send(known.pid, signal.SIGCONT)  # one that was stopped has to hear it
    kill_at = time.monotonic() + patience
    give_up_at = kill_at + 5
    while left and time.monotonic() < give_up_at:
        for known, path in list(left.items()):
            if not processes.runs(known):
                del left[known]
                path.unlink(missing_ok=True)
                ended(path.stem, known.pid)
            elif time.monotonic() >= kill_at:
                processes.send(known.pid, signal.SIGKILL)
        time.sleep(0.02)
