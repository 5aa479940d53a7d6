"""What only real containers can show: what never starts, what is Ready, whose the workspace is (S1, S3, S10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from ccplant_orchestrator.runtimes.kubernetes import manifests
from ccplant_orchestrator.runtimes.kubernetes.connection import KubernetesApi
from ccplant_orchestrator.runtimes.kubernetes.runtime import KubernetesRuntime
from ccplant_platform.clock import SystemClock
from tests.contract.node_place import NodePlace, standin_image
from tests.contract.runtime_place import new_ref, no_volumes, owned
from tests.contract.runtime_steps import exited, said, start
from tests.kubernetes.cluster.client import ClusterApi, conditions
from tests.kubernetes.cluster.node import Node
from tests.kubernetes.runtime.pausing_api import PausingApi
from tests.support.waiting import eventually

pytestmark = pytest.mark.node

VOLUME = "session-tester-kept"
_SECONDS = 30.0
_NO_IMAGE = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName")


@pytest.fixture
async def place(
    node: Node, cluster_api: ClusterApi, cluster_namespace: str, manual_storage_class: str
) -> AsyncIterator[NodePlace]:
    node.add_volume(cluster_api, manual_storage_class)
    made = NodePlace(node, cluster_api, cluster_namespace, standin_image(node), manual_storage_class)
    yield made
    await made.close()


async def test_a_pod_that_comes_after_the_fence_never_starts_and_still_ends(
    place: NodePlace, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    """The promise that the whole fence stands on: frozen before its create, continued after the delete."""
    api = PausingApi(KubernetesApi(place.options), "create pods")
    stale = KubernetesRuntime(api, place.options, SystemClock())
    ref = new_ref()
    launching = asyncio.create_task(start(stale, ref=ref))
    await api.reached.wait()
    runtime = place.open()
    await runtime.destroy(ref, force=True)
    await runtime.release(ref)
    api.go_on.set()
    await launching

    def told() -> list[str]:
        messages = [event["message"] for event in cluster_api.events(cluster_namespace, ref.pod_name)]
        return [message for message in messages if "spec.json" in message]

    assert await eventually(told, _SECONDS, interval=0.1)
    assert place.processes(ref) == []
    assert await runtime.sweep(owned(), no_volumes) == 1
    assert place.starts(ref) == 0
    assert place.traces(ref) == []
    await stale.aclose()


async def test_a_pod_is_ready_while_its_runner_is_registered(
    place: NodePlace, cluster_api: ClusterApi, cluster_namespace: str
) -> None:
    runtime = place.open()
    ref = await start(runtime, "wait", ref=new_ref("session-tester-quiet"))
    registered = await start(runtime, "write /var/lib/ccplant/ready;wait")
    await said(runtime, ref, "waiting")

    def ready() -> bool:
        pod = cluster_api.pod(cluster_namespace, registered.pod_name)
        return pod is not None and conditions(pod).get("Ready") == "True"

    await eventually(ready, _SECONDS, interval=0.1)
    quiet = cluster_api.pod(cluster_namespace, ref.pod_name)
    assert quiet is not None
    assert conditions(quiet)["Ready"] == "False"


@pytest.mark.parametrize("volume", [None, VOLUME], ids=["none", "volume"])
async def test_the_agents_user_can_work_with_git_in_the_workspace(
    place: NodePlace, volume: str | None
) -> None:
    """Git refuses a repository whose folder somebody else owns, and a mounted folder is root's."""
    # as the runner does: it makes both folders, and works in the one
    make = f"mkdir -p $HOME {manifests.WORKSPACE} && cd {manifests.WORKSPACE}"
    script = f"{make} && git init -q . && git status && touch ~/.kept && echo all is well"
    runtime = place.open(runner_command=("sh", "-c", script))
    seen = await exited(runtime, await start(runtime, volume=volume))
    assert seen.exit is not None
    assert seen.exit.log_tail[-1] == "all is well", seen.exit.log_tail


async def test_workspace_and_home_are_there_for_the_next_session(place: NodePlace) -> None:
    write = "mkdir -p $HOME/.agent && echo talked > $HOME/.agent/one && echo coded > /workspace/one"
    first = await start(place.open(runner_command=("sh", "-c", write)), volume=VOLUME)
    runtime = place.open(runner_command=("sh", "-c", "cat $HOME/.agent/one /workspace/one"))
    seen = await exited(runtime, first)
    assert seen.exit is not None
    assert seen.exit.exit_code == 0, seen.exit.log_tail
    await runtime.release(first)
    again = await exited(runtime, await start(runtime, ref=new_ref("session-tester-second"), volume=VOLUME))
    assert again.exit is not None
    assert again.exit.log_tail == ("talked", "coded")


async def test_a_pod_has_no_token_and_no_rights_of_its_own(place: NodePlace) -> None:
    look = "id -u; ls /var/run/secrets/kubernetes.io; touch /etc/passwd && echo wrote"
    script = f"({look}) 2>/dev/null; grep NoNewPrivs /proc/1/status"
    runtime = place.open(runner_command=("sh", "-c", script))
    seen = await exited(runtime, await start(runtime))
    assert seen.exit is not None
    assert [line.split() for line in seen.exit.log_tail] == [["1000"], ["NoNewPrivs:", "1"]]


@pytest.mark.parametrize("image", ["test.invalid/nobody/has-this:1", "Not A Name"])
async def test_what_waits_for_its_image_ends_at_once(place: NodePlace, image: str) -> None:
    """Nothing runs, so there is no grace to wait for."""
    runtime = place.open(runner_image=image)
    ref = await start(runtime)

    async def waits() -> bool:
        seen = await runtime.get(ref)
        assert seen is not None
        return any(one.reason in _NO_IMAGE for one in seen.pod_status.container_statuses)

    await eventually(waits, _SECONDS, interval=0.2)
    async with asyncio.timeout(30):
        await runtime.destroy(ref, force=False)
        seen = await runtime.get(ref)
    assert seen is not None
    assert seen.phase == "exited"
    await runtime.release(ref)
    assert place.traces(ref) == []
