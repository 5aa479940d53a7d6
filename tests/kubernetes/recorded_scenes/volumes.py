"""Scenes of Pods whose volume is not there."""

from __future__ import annotations

from typing import Any

from tests.kubernetes.cluster.volumes import storage_class, volume
from tests.kubernetes.recorded_scenes.placing import FAKE
from tests.kubernetes.recording import Recorder

Json = dict[str, Any]


def add_classes(recorder: Recorder) -> None:
    recorder.api.apply(
        storage_class("waiting"),
        storage_class("at-once", wait=False),
        {**storage_class("elsewhere", wait=False), "provisioner": "csi.example.com"},
    )


def record(recorder: Recorder) -> None:
    _unbound(recorder, "volume-without-class", None, "FailedBinding")
    _unbound(recorder, "volume-of-unknown-class", "nowhere", "ProvisioningFailed")
    _unbound(recorder, "volume-without-persistent-volume", "at-once", "ProvisioningFailed")
    _unbound(recorder, "volume-provisioned-elsewhere", "elsewhere", "ExternalProvisioning")
    _unbound(recorder, "volume-waiting-without-persistent-volume", "waiting", "WaitForFirstConsumer")

    missing = recorder.pod(claim="missing", **FAKE)
    recorder.wait_unschedulable(missing)
    recorder.record("volume-missing", missing)

    _claim(recorder, "going", "at-once")
    path = f"/api/v1/namespaces/{recorder.namespace}/persistentvolumeclaims/going"
    recorder.api.patch(path, {"metadata": {"finalizers": ["example.com/keep"]}})
    recorder.api.delete(path)
    going = recorder.pod(claim="going", **FAKE)
    recorder.wait_unschedulable(going)
    recorder.record("volume-deleting", going)
    recorder.api.patch(path, {"metadata": {"finalizers": None}})
    _zone(recorder)
    _lost(recorder)


def _unbound(recorder: Recorder, title: str, class_name: str | None, reason: str) -> None:
    _claim(recorder, title, class_name)
    recorder.wait_event(title, reason)
    pod = recorder.pod(claim=title, **FAKE)
    recorder.wait_unschedulable(pod)
    recorder.record(title, pod)


def _claim(recorder: Recorder, name: str, class_name: str | None) -> None:
    recorder.claim(name, class_name)


def _bound(recorder: Recorder, name: str, body: Json) -> None:
    recorder.api.apply(body)
    _claim(recorder, name, "at-once")
    path = f"/api/v1/namespaces/{recorder.namespace}/persistentvolumeclaims/{name}"
    recorder.wait(f"{name} is bound", lambda: recorder.api.get(path)["status"].get("phase") == "Bound")


def _zone(recorder: Recorder) -> None:
    """A volume of a node that has no room."""
    body = volume("at-once", size="1Gi")
    term = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["fake-0"]}
    body["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}}
    _bound(recorder, "volume-zone", body)
    filler = recorder.pod(
        requests={"cpu": "31", "memory": "1Gi"}, node_selector={"kubernetes.io/hostname": "fake-0"}, **FAKE
    )
    recorder.wait_state(filler, "running")
    pod = recorder.pod(claim="volume-zone", requests={"cpu": "2", "memory": "1Gi"}, **FAKE)
    recorder.wait_unschedulable(pod)
    recorder.record("volume-zone", pod, others=[filler])
    recorder.release(filler)


def _lost(recorder: Recorder) -> None:
    body = volume("at-once", size="1Gi")
    _bound(recorder, "volume-lost", body)
    path = f"/api/v1/persistentvolumes/{body['metadata']['name']}"
    recorder.api.delete(path)
    recorder.api.patch(path, {"metadata": {"finalizers": None}})
    claim = f"/api/v1/namespaces/{recorder.namespace}/persistentvolumeclaims/volume-lost"
    recorder.wait("the claim is lost", lambda: recorder.api.get(claim)["status"]["phase"] == "Lost")
    pod = recorder.pod(claim="volume-lost", **FAKE)
    recorder.wait_unschedulable(pod)
    recorder.record("volume-lost", pod)
