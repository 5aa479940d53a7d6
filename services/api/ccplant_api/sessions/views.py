"""From a session's document to what clients see: pure, masked, and the same over REST, WebSocket and SSE (S5, S8, S9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from pydantic import ValidationError

from ccplant_api.http.base_url import connection_url
from ccplant_api.settings import ApiSettings
from ccplant_contracts.ids import pod_name
from ccplant_contracts.messages import CATALOGUE, explain
from ccplant_contracts.quantities import byte_count, cores
from ccplant_contracts.session import (
    CreatedSession,
    Diagnosis,
    McpServerState,
    PodStatus,
    ResourcesInUse,
    SessionConfig,
    SessionResource,
    SessionSummary,
    StopRequested,
    TimelineEntry,
    Transcript,
    seconds_between,
)
from ccplant_contracts.status import Status
from ccplant_contracts.watch import Activity
from ccplant_store.sessions.model import SessionDoc, SessionListing

Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where sessions run and how the client reaches them."""

    base_url: str
    namespace: str
    limits_enforced: bool
    start_timeout: timedelta
    pod_start_timeout: timedelta

    @classmethod
    def at(cls, base_url: str, settings: ApiSettings) -> Place:
        """Return the place of an installation, for a client that reaches it so."""
        return cls(
            base_url,
            settings.namespace,
            settings.limits_enforced,
            timedelta(seconds=settings.start_timeout_seconds),
            timedelta(seconds=settings.pod_start_timeout_seconds),
        )


def created(doc: SessionDoc, place: Place, prompt_id: str | None) -> CreatedSession:
    """Return the answer to a creation: the fields of the user's page (S2)."""
    return CreatedSession(
        session_id=doc.id,
        name=doc.name,
        user=doc.owner,
        status=doc.status,
        created_at=doc.created_at,
        connection_url=connection_url(place.base_url, doc.id),
        pod_name=pod_name(doc.id, 1),
        namespace=place.namespace,
        prompt_id=prompt_id,
    )


def summary(doc: SessionListing, activity: Activity | None, place: Place, now: datetime) -> SessionSummary:
    """Return a session as lists show it."""
    return SessionSummary(**_shared(doc, activity, place, now))


def resource(
    doc: SessionDoc, activity: Activity | None, timeline: Sequence[TimelineEntry], place: Place, now: datetime
) -> SessionResource:
    """Return a session in full, its secrets masked."""
    return SessionResource(
        **_shared(doc, activity, place, now),
        config=SessionConfig.model_validate(doc.config).masked(),
        start_deadline_at=start_deadline(doc, place),
        pod_status=_pod_status(activity),
        diagnosis=diagnosis(doc),
        mcp_servers=tuple(
            McpServerState(name=name, state=server.state, error=server.error)
            for name, server in sorted(doc.mcp_servers.items())
        ),
        token_usage=doc.token_usage,
        transcript=doc.transcript or Transcript(last_seq=doc.stored_to, complete=False),
        timeline=tuple(timeline),
        recreated_from=doc.recreated_from,
        resumed=doc.resumes is not None,
        volume_id=doc.volume_id,
        last_seq=doc.stored_to,
    )


def start_deadline(doc: SessionDoc, place: Place) -> datetime | None:
    """Return when a session that does not start is given up; one that waits for its turn to start has no such time."""
    if doc.status is not Status.PENDING or doc.launch is None:
        return None
    overdue = doc.launch.created_at + place.start_timeout
    if doc.diagnosis is None:
        return overdue
    return min(overdue, (doc.launch.started_at or doc.launch.created_at) + place.pod_start_timeout)


def diagnosis(doc: SessionDoc) -> Diagnosis | None:
    """Return why a session is not running: what was found, else the step that it is at, else its reason (D1, D2)."""
    if doc.diagnosis is not None:
        try:
            return Diagnosis.model_validate(doc.diagnosis)
        except ValidationError:
            pass  # written by a newer version: what we can say ourselves is better than nothing
    code = _code(doc)
    if code is None:
        return None
    entry = explain(code, **doc.facts)
    return Diagnosis(
        code=code,
        message=cast("dict[Language, str]", entry.message.model_dump()),
        hint=cast("dict[Language, str]", entry.hint.model_dump()),
        evidence=dict(doc.facts),
    )


def waiting_details(doc: SessionDoc) -> dict[str, Any]:
    """Return what a client is told that has to wait for the runner (D3)."""
    found = diagnosis(doc)
    return {
        "session_id": doc.id,
        "status": doc.status.value,
        "step": doc.step or "queued",
        "diagnosis": None if found is None else found.model_dump(mode="json"),
    }


def _code(doc: SessionListing) -> str | None:
    if doc.status is Status.PENDING:
        return doc.step if doc.step in CATALOGUE else "queued"
    if doc.status is Status.RUNNING:
        return "unreachable" if doc.reachable is False else None
    return doc.status_reason.value


def _shared(doc: SessionListing, activity: Activity | None, place: Place, now: datetime) -> dict[str, Any]:
    code = _code(doc)
    stop = doc.stop_requested
    return {
        "session_id": doc.id,
        "name": doc.name,
        "user": doc.owner,
        "status": doc.status,
        "status_reason": doc.status_reason,
        "status_message": None if code is None else explain(code, **doc.facts).message.model_dump(),
        "stop_requested": None if stop is None else StopRequested.model_validate(stop.model_dump()),
        "mode": doc.mode,
        "labels": doc.labels,
        "repository": doc.repository,
        "branch": doc.branch,
        "created_at": doc.created_at,
        "started_at": doc.created_at,
        "updated_at": doc.updated_at,
        "running_at": doc.running_at,
        "ended_at": doc.ended_at,
        "deadline_at": doc.deadline_at,
        "deleted_at": doc.deleted_at,
        "uptime_seconds": seconds_between(doc.running_at, now) if doc.status is Status.RUNNING else None,
        "run_seconds": seconds_between(doc.running_at, doc.ended_at),
        "connection_url": connection_url(place.base_url, doc.id),
        "pod_name": pod_name(doc.id, doc.launch.attempt if doc.launch else 1),
        "namespace": place.namespace,
        "resources": _resources(doc, activity, place, now),
        "agent": doc.agent,
        "agent_state": doc.agent_state,
        "provider_wait": doc.provider_wait if doc.status is Status.RUNNING else None,
        "reachable": doc.reachable,
        "pending_permissions": doc.pending_permissions,
        "version": doc.version,
    }


def _resources(doc: SessionListing, activity: Activity | None, place: Place, now: datetime) -> ResourcesInUse:
    used: Mapping[str, Any] = (activity.resources if activity is not None else None) or {}
    cpu, memory = used.get("cpu_usage"), used.get("memory_usage")
    sampled_at = activity.sampled_at if activity is not None and used else None
    return ResourcesInUse(
        cpu_usage=float(cpu) if isinstance(cpu, int | float) else None,
        cpu_limit=cores(doc.cpu_limit),
        memory_usage=int(memory) if isinstance(memory, int | float) else None,
        memory_limit=byte_count(doc.memory_limit),
        limits_enforced=place.limits_enforced,
        sampled_at=sampled_at,
        age_seconds=seconds_between(sampled_at, now),
    )


def _pod_status(activity: Activity | None) -> PodStatus | None:
    if activity is None or activity.pod_status is None:
        return None
    try:
        return PodStatus.model_validate(activity.pod_status)
    except ValidationError:
        return None
