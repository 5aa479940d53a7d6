"""Named places where a process may be made to die, so that recovery is tested and not hoped for.

Between any two writes a machine may lose power. ``CCPLANT_FAULT=orch.end.judged:1`` kills this process by SIGKILL
(nothing is flushed, nothing is cleaned up) at its first visit of that place. ``name:n:once=FILE`` does so only while FILE
does not exist, and creates it first: the restarted process goes on. ``name:n:freeze=FILE`` stops it in its tracks instead
(SIGSTOP), also once: whoever continues it later has one that acts on what was long ago. Several are separated by commas.
Without the variable a visit costs one look into an empty dict.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

FaultPoint = Literal[
    "api.session.inserted", "api.prompt.numbered", "api.prompt.inserted", "api.intent.written",
    "orch.launch.assigned", "orch.launch.started", "orch.register.committed",
    "orch.prompt.delivering", "orch.prompt.sent", "orch.permission.sent",
    "orch.output.inserted", "orch.output.applied", "orch.output.advanced",
    "orch.end.judged", "orch.end.committed", "orch.end.destroyed", "orch.end.settled", "orch.event.published",
    "orch.volume.freed", "orch.volume.removed",
    "dispatch.assigned", "dispatch.numbered", "dispatch.prompt_inserted", "dispatch.dispatched",
    "sched.dispatch.numbered", "sched.tick.written",
    "dispatch.place_taken", "dispatch.session_created",
    "runner.registered", "runner.prompt.logged", "runner.attachments.fetched",
    "runner.event.logged", "runner.event.published",
    "ingest.payload.written", "ingest.delivery.recorded", "ingest.delivery.replayed", "ingest.delivery.claimed",
    "ingest.delivery.judged", "ingest.rate.admitted", "ingest.dispatch.numbered", "ingest.delivery.handed",
    "ingest.delivery.finished",
    "renewal.asked", "renewal.signed",
    "kube.launch.begun", "kube.secret.created", "kube.pvc.created", "kube.pod.created", "kube.secret.owned",
    "kube.secret.fenced", "kube.pod.marked", "kube.pod.deleted", "kube.finalizer.removed", "kube.pvc.deleted",
]  # fmt: skip
"""Every place; the name says process, part and what has just been done."""

FAULT_POINTS: tuple[str, ...] = get_args(FaultPoint)

VARIABLE = "CCPLANT_FAULT"
_SIGNALS = {"once": signal.SIGKILL, "freeze": signal.SIGSTOP}


@dataclass(slots=True)
class _Fault:
    """One armed place."""

    visits_left: int
    once: Path | None
    signal: signal.Signals = signal.SIGKILL


def parse_faults(text: str) -> Mapping[str, _Fault]:
    """Read ``name:n[:once=FILE]`` and ``name:n:freeze=FILE``, several separated by commas.

    Raises:
        ValueError: an unknown name or a wrong count; a fault that is silently never armed proves nothing.
    """
    faults: dict[str, _Fault] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = item.partition(":")
        count, _, option = rest.partition(":")
        if name not in FAULT_POINTS or not count.isdecimal() or int(count) < 1:
            raise ValueError(f"{VARIABLE}: {item!r} is not name:n with one of the known names and n from 1")
        kind, _, file = option.partition("=")
        if option and (kind not in _SIGNALS or not file):
            raise ValueError(f"{VARIABLE}: {option!r} is neither once=FILE nor freeze=FILE")
        faults[name] = _Fault(int(count), Path(file) if file else None, _SIGNALS.get(kind, signal.SIGKILL))
    return faults


_armed = parse_faults(os.environ.get(VARIABLE, ""))


def fault_point(name: FaultPoint) -> None:
    """Die or freeze here when told to; otherwise do nothing."""
    if name in _armed:
        _visit(_armed[name])


def _visit(fault: _Fault) -> None:
    fault.visits_left -= 1
    if fault.visits_left == 0 and _first_time(fault.once):
        os.kill(os.getpid(), fault.signal)


def _first_time(marker: Path | None) -> bool:
    if marker is None:
        return True
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
