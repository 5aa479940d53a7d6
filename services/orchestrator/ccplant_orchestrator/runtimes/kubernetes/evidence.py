"""Gathers what the judgement of a start or an end needs; the judging itself is pure and stands in `diagnosis`.

What may not be read (nodes and events of the cluster are not everybody's to see) or cannot be read in time is done
without: half an explanation is better than none, and no end waits for one.
"""

from __future__ import annotations

import structlog

from ccplant_orchestrator.runtimes.kubernetes import logs, pod_state
from ccplant_orchestrator.runtimes.kubernetes.api import Api, ApiError, Json, Kind, UnreachableError
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import diagnose_start, read_exit
from ccplant_orchestrator.runtimes.kubernetes.ending import Ending
from ccplant_orchestrator.runtimes.kubernetes.surroundings import Surroundings
from ccplant_orchestrator.runtimes.protocol import LOG_TAIL_LINES, ExitRecord, LaunchRef, StartProblem
from ccplant_platform.clock import Clock

_log = structlog.get_logger(__name__)


class Evidence:
    """Reads what is around a Pod."""

    def __init__(self, api: Api, ending: Ending, surroundings: Surroundings, clock: Clock) -> None:
        self._api = api
        self._ending = ending
        self._surroundings = surroundings
        self._clock = clock

    def at_a_glance(self, pod: Json) -> ExitRecord:
        """Return what the Pod says by itself."""
        return read_exit(pod, None)

    async def exit_record(self, pod: Json) -> ExitRecord:
        """Return all that can be known of an end."""
        node, node_gone = await self._node(pod)
        # nobody is there who would send the log of a node that does not answer
        silent = node_gone or (node is not None and pod_state.place_of(node) != "ready")
        tail = () if silent else await self._log_tail(pod)
        return read_exit(pod, node, tail, node_gone=node_gone)

    async def start_problem(self, ref: LaunchRef) -> StartProblem | None:
        """Return why a launch does not run."""
        pod = await self._ending.find(ref)
        if pod is None:
            return None
        placed = pod_state.node_of(pod) is not None
        nodes = [await self._surroundings.node(pod)] if placed else await self._surroundings.nodes()
        runs = pod_state.state_of(pod).get("running") is not None
        return diagnose_start(
            pod,
            await self._surroundings.events(pod),
            await self._surroundings.claim(pod),
            [node for node in nodes if node is not None],
            now=self._clock.now(),
            others=() if placed else await self._surroundings.others(pod),
            log_tail=await self._log_tail(pod) if runs else (),
        )

    async def _node(self, pod: Json) -> tuple[Json | None, bool]:
        """Return the Pod's node, and whether the API server says that there is no such node."""
        name = pod_state.node_of(pod)
        if name is None:
            return None, False
        try:
            node = await self._api.read(Kind.NODE, name)
        except (ApiError, UnreachableError) as error:
            _log.info("node_not_read", node=name, error=str(error)[:300])
            return None, False
        return node, node is None

    async def _log_tail(self, pod: Json) -> tuple[str, ...]:
        try:
            return await logs.tail(self._api, str(pod["metadata"]["name"]), LOG_TAIL_LINES)
        except (ApiError, UnreachableError) as error:
            _log.info("log_not_read", pod=pod["metadata"]["name"], error=str(error)[:300])
            return ()
