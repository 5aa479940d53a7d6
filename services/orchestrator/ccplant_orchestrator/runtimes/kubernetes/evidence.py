"""Gathers what the judgement of a start or an end needs; the judging itself is pure and stands in `diagnosis`."""

from __future__ import annotations

import structlog

from ccplant_contracts.launch import LastWord
from ccplant_orchestrator.runtimes.kubernetes import logs, pod_state
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError, Json, UnreachableError
from ccplant_orchestrator.runtimes.kubernetes.ending import Ending
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.protocol import LOG_TAIL_LINES, ExitRecord, LaunchRef, StartProblem

_log = structlog.get_logger(__name__)


class Evidence:
    """Reads what is around a Pod."""

    def __init__(self, api: Api, options: KubernetesOptions, ending: Ending) -> None:
        self._api = api
        self._options = options
        self._ending = ending

    def at_a_glance(self, pod: Json) -> ExitRecord:
        """Return what the Pod says by itself."""
        return _record(pod, ())

    async def exit_record(self, pod: Json, place: pod_state.Place) -> ExitRecord:
        """Return all that can be known of an end; a log that cannot be read within seconds is done without."""
        tail: tuple[str, ...] = ()
        if place == "ready":
            try:
                tail = await logs.tail(self._api, str(pod["metadata"]["name"]), LOG_TAIL_LINES)
            except (ApiError, UnreachableError) as error:
                _log.info("log_not_read", pod=pod["metadata"]["name"], error=str(error)[:300])
        return _record(pod, tail)

    async def start_problem(self, ref: LaunchRef) -> StartProblem | None:
        """Return why a launch does not run."""
        return None


def _record(pod: Json, tail: tuple[str, ...]) -> ExitRecord:
    ended = pod_state.state_of(pod).get("terminated") or {}
    code = ended.get("exitCode")
    try:
        word = LastWord.model_validate_json(ended.get("message") or "")
    except ValueError:
        word = None
    killed = isinstance(code, int) and code > 128
    return ExitRecord(
        exit_code=None if killed else code,
        signal=code - 128 if killed and isinstance(code, int) else None,
        last_word=word,
        log_tail=tail,
        output_readable=False,
    )
