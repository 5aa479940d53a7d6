"""Sessions and observations as the tests of decisions need them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from ccplant_contracts.session import PodStatus, SessionConfig
from ccplant_orchestrator.runtimes.protocol import ExitRecord, LaunchRef, Observation
from ccplant_orchestrator.sessions.decide import Limits
from ccplant_store.sessions.model import LaunchDoc, SessionDoc

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SESSION_ID = "session-ada-0123456789"
LAUNCH_ID = "l0123456789abcdefghjk"
LIMITS = Limits(
    start_timeout=timedelta(seconds=600),
    stop_grace=timedelta(seconds=30),
    runner_lost_after=timedelta(seconds=300),
    max_attempts=10,
)
REF = LaunchRef(session_id=SESSION_ID, launch_id=LAUNCH_ID, attempt=1, pod_name=SESSION_ID)


def session(**changes: Any) -> SessionDoc:
    """A pending session, with changes."""
    base = SessionDoc(
        id=SESSION_ID,
        owner="ada",
        name="test",
        cpu_limit="2",
        memory_limit="4Gi",
        created_at=NOW,
        updated_at=NOW,
        config=SessionConfig().model_dump(mode="json"),
    )
    return base.model_copy(update=changes)


def launch(**changes: Any) -> LaunchDoc:
    """A launch that the runtime has accepted, with changes."""
    return LaunchDoc(id=LAUNCH_ID, attempt=1, created_at=NOW, started_at=NOW).model_copy(update=changes)


def seen(
    phase: Literal["starting", "running", "exited", "unknown"] = "running",
    *,
    exit_record: ExitRecord | None = None,
    exited_at: datetime | None = None,
) -> Observation:
    """What the runtime shows of the launch."""
    return Observation(
        ref=REF,
        uid="1",
        phase=phase,
        started_at=NOW,
        exited_at=exited_at,
        exit=exit_record,
        pod_status=PodStatus(phase="Running"),
    )
