"""A process that takes one launch through everything a runtime can do with it; a fault point ends it on the way."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.kubernetes.connection import KubernetesApi
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Volume
from ccplant_platform.clock import SystemClock
from tests.contract.runtime_place import new_ref, spec_for


async def live(namespace: str, config_file: str, launch_id: str) -> None:
    """Launch on a volume, end, release, and remove the volume."""
    options = KubernetesOptions(
        namespace=namespace,
        config_file=Path(config_file),
        runner_image="any:1",
        tolerations=({"operator": "Exists"},),
        lost_seconds=2.0,
    )
    runtime = KubernetesRuntime(KubernetesApi(options), options, SystemClock())
    known = new_ref()
    ref = LaunchRef(known.session_id, launch_id, known.attempt, known.pod_name)
    volume = Volume("session-tester-kept", "tester", "1Gi")
    await runtime.launch(spec_for(ref, "wait"), ref, SessionConfig(), volume)
    await runtime.destroy(ref, force=True)
    await runtime.release(ref)
    await runtime.delete_volume(volume.id)
    await runtime.aclose()


if __name__ == "__main__":
    asyncio.run(live(*sys.argv[1:]))
