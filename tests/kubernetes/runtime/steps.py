"""Steps that these tests share."""

from __future__ import annotations

from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Observation, Volume
from tests.contract.runtime_place import new_ref, spec_for
from tests.kubernetes.cluster.client import ClusterApi
from tests.support.waiting import eventually

KINDS = ("persistentvolumeclaims", "pods", "secrets")


async def launched(
    runtime: KubernetesRuntime,
    ref: LaunchRef | None = None,
    *,
    config: SessionConfig | None = None,
    volume: str | None = None,
) -> LaunchRef:
    """Launch, on a volume where one is named."""
    ref = ref or new_ref()
    kept = None if volume is None else Volume(volume, "tester", "1Gi")
    await runtime.launch(spec_for(ref, "wait"), ref, config or SessionConfig(), kept)
    return ref


async def in_phase(runtime: KubernetesRuntime, ref: LaunchRef, phase: str) -> Observation:
    """Wait until a launch shows a phase."""

    async def look() -> Observation:
        seen = await runtime.get(ref)
        assert seen is not None
        assert seen.phase == phase, seen
        return seen

    return await eventually(look, 20, interval=0.05)


def objects(api: ClusterApi, namespace: str, ref: LaunchRef) -> list[str]:
    """Name everything that an operator finds of a session by its one label."""
    found = []
    for kind in KINDS:
        path = f"/api/v1/namespaces/{namespace}/{kind}"
        for one in api.items(path, labelSelector=f"ccplant.dev/session={ref.session_id}"):
            empty = kind == "secrets" and not one.get("data")
            found.append(f"{kind} (fence)" if empty else kind)
    return found
