"""From what lies in a launch's folder to facts about it: how it was named, whether it runs, how it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from pydantic import ValidationError

from ccplant_contracts.launch import MAX_TERMINATION_BYTES, LastWord
from ccplant_orchestrator.runtimes import plain
from ccplant_orchestrator.runtimes.local import bounded_log, files, processes
from ccplant_orchestrator.runtimes.local.layout import LaunchFolder
from ccplant_orchestrator.runtimes.protocol import LOG_TAIL_LINES, ExitRecord, LaunchRef

_log = structlog.get_logger(__name__)

Document = dict[str, object]


@dataclass(frozen=True)
class Process:
    """A process as it was written down."""

    pid: int
    start_time: int
    started_at: datetime | None

    @property
    def alive(self) -> bool:
        return processes.alive(self.pid, self.start_time)

    @staticmethod
    def of(document: Document | None) -> Process | None:
        """Read one from its document; None where there is none, or where it lived before the machine's last start."""
        if document is None:
            return None
        pid, started = document.get("pid"), document.get("start_time")
        if not isinstance(pid, int) or not isinstance(started, int):
            return None
        return Process(pid, started, moment(document.get("started_at")))


def moment(seconds: object) -> datetime | None:
    """Turn seconds since the epoch into a time."""
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None


def reference(folder: LaunchFolder) -> LaunchRef | None:
    """Read how a launch is called."""
    document = files.read_json(str(folder.reference))
    if document is None:
        return None
    attempt = document.get("attempt")
    ref = LaunchRef(
        session_id=str(document.get("session_id")),
        launch_id=str(document.get("launch_id")),
        attempt=attempt if isinstance(attempt, int) else 1,
        pod_name=str(document.get("pod_name")),
    )
    if ref.launch_id != folder.launch_id or ref.session_id != folder.path.parent.name:
        return None
    return ref


def supervisor(folder: LaunchFolder) -> tuple[Document, Process | None] | None:
    """Read who supervises; the process is None where it cannot be alive: another life of the machine."""
    document = files.read_json(str(folder.supervisor))
    if document is None:
        return None
    same = document.get("incarnation") == processes.incarnation()
    return document, Process.of(document) if same else None


def supervised(folder: LaunchFolder) -> bool:
    """Tell whether a living supervisor has the launch."""
    found = supervisor(folder)
    return found is not None and found[1] is not None and found[1].alive


def exit_record(folder: LaunchFolder, document: Document) -> ExitRecord:
    """Build the facts about an end from its record and what runner and agent left."""
    code, number = document.get("exit_code"), document.get("signal")
    return ExitRecord(
        exit_code=code if isinstance(code, int) else None,
        signal=number if isinstance(number, int) else None,
        oom_killed=document.get("oom_killed") is True,
        node_shutdown=document.get("node_shutdown") is True,
        last_word=last_word(folder),
        log_tail=bounded_log.tail(str(folder.log), str(folder.earlier_log), LOG_TAIL_LINES),
        complete=True,
    )


def last_word(folder: LaunchFolder) -> LastWord | None:
    """Read what the runner said about its own end; the session could write there too, so it is bounded and checked."""
    content = bounded_log.last_bytes(str(folder.last_word), 4 * MAX_TERMINATION_BYTES)
    if not content.strip():
        return None
    try:
        return plain.sanitised(LastWord.model_validate_json(content))
    except ValidationError as error:
        _log.warning("last_word_unreadable", launch_id=folder.launch_id, error=str(error)[:300])
        return None


def lost_record(supervised_by: Document) -> Document:
    """Judge an end that nobody saw: a supervisor that is gone without a record of its own.

    The machine, or what the session must not outlive, went away with it; else it was killed.
    """
    anchor = supervised_by.get("anchor")
    anchor_gone = (
        isinstance(anchor, list) and len(anchor) == 2 and not processes.alive(int(anchor[0]), int(anchor[1]))
    )
    restarted = supervised_by.get("incarnation") != processes.incarnation()
    return {
        "exit_code": None,
        "signal": None,
        "oom_killed": False,
        "node_shutdown": anchor_gone or restarted,
        "started_at": supervised_by.get("started_at"),
        "exited_at": time.time(),
        "log_bytes_lost": 0,
        "start_error": None,
    }
