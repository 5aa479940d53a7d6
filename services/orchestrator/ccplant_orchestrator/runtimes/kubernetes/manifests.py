"""The objects of a launch, as pure functions of what is wanted.

A Pod meets the `restricted` profile of Pod security, so that it runs in a namespace that enforces it. Its Secret must
hold the key that it mounts: a Pod whose Secret was emptied (the fence) never starts a container.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from ccplant_contracts.launch import LaunchSpec
from ccplant_contracts.quantities import parse_quantity
from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.kubernetes import names
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Volume

Body = dict[str, Any]

SPEC_FOLDER = "/run/ccplant"
SPEC_PATH = f"{SPEC_FOLDER}/{names.SPEC_KEY}"
VOLUME_FOLDER = "/workspace"
WORKSPACE = f"{VOLUME_FOLDER}/project"
"""Made by the runner: a mounted folder is root's, and git refuses a repository whose folder is somebody else's."""
STATE_DIR = "/var/lib/ccplant"
READY_FILE = f"{STATE_DIR}/ready"
TERMINATION_LOG = "/dev/termination-log"
_USER = 1000
_ENVIRONMENT = {
    "CCPLANT_TERMINATION_LOG": TERMINATION_LOG,
    "CCPLANT_RESOURCES": "cgroup",
    "HOME": f"{STATE_DIR}/home",
    "PYTHONSAFEPATH": "1",
    "PYTHONUNBUFFERED": "1",
}
_NEVER = 1_000_000
"""Failures of the probe that are borne: a start has its own time limit, and no probe ends a container."""


def complete(spec: LaunchSpec) -> LaunchSpec:
    """Fill in where the runner works."""
    return spec.model_copy(update={"workspace": WORKSPACE, "state_dir": STATE_DIR})


def secret(options: KubernetesOptions, ref: LaunchRef, spec: LaunchSpec) -> Body:
    """Return the Secret with the runner's specification."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(options, ref, spec.owner),
        "type": "Opaque",
        "stringData": {names.SPEC_KEY: complete(spec).model_dump_json()},
    }


def fence(options: KubernetesOptions, ref: LaunchRef, at: datetime) -> Body:
    """Return an empty Secret in the place of one that must not come any more."""
    metadata = _metadata(options, ref, "")
    del metadata["labels"][names.OWNER], metadata["annotations"][names.FULL_OWNER]
    metadata["annotations"].update(_fenced(at))
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque"}


def fencing(uid: str, at: datetime) -> Body:
    """Return the merge patch that empties a Secret; without an owner it outlives its Pod."""
    return {
        "metadata": {"uid": uid, "annotations": _fenced(at), "ownerReferences": None},
        "data": None,
    }


def owning(pod_name: str, pod_uid: str, version: str) -> Body:
    """Return the merge patch by which a Secret goes with its Pod, unless it was changed since `version`."""
    owner = {"apiVersion": "v1", "kind": "Pod", "name": pod_name, "uid": pod_uid}
    return {"metadata": {"resourceVersion": version, "ownerReferences": [owner]}}


def claim(options: KubernetesOptions, volume: Volume) -> Body:
    """Return the claim of a session's persistent workspace."""
    spec: Body = {
        "accessModes": [options.volume_access_mode],
        "resources": {"requests": {"storage": volume.size}},
    }
    if options.storage_class is not None:
        spec["storageClassName"] = options.storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": volume.id,
            "namespace": options.namespace,
            "labels": {
                **names.base_labels(options, volume.owner),
                names.SESSION: volume.id,
                names.VOLUME: volume.id,
            },
            "annotations": {names.FULL_OWNER: volume.owner},
        },
        "spec": spec,
    }


def pod(
    options: KubernetesOptions,
    ref: LaunchRef,
    owner: str,
    config: SessionConfig,
    volume: Volume | None = None,
) -> Body:
    """Return the Pod of a launch."""
    metadata = _metadata(options, ref, owner, volume)
    metadata["finalizers"] = [names.FINALIZER]
    spec: Body = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": options.grace_seconds,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            # a big volume is not gone through file by file at each start
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(options, config, volume)],
        "volumes": _volumes(ref, volume),
    }
    if options.node_selector:
        spec["nodeSelector"] = dict(options.node_selector)
    if options.tolerations:
        spec["tolerations"] = [dict(one) for one in options.tolerations]
    if options.runtime_class is not None:
        spec["runtimeClassName"] = options.runtime_class
    if options.priority_class is not None:
        spec["priorityClassName"] = options.priority_class
    if options.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in options.image_pull_secrets]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _metadata(
    options: KubernetesOptions, ref: LaunchRef, owner: str, volume: Volume | None = None
) -> dict[str, Any]:
    return {
        "name": ref.pod_name,
        "namespace": options.namespace,
        "labels": names.launch_labels(options, ref, owner, volume),
        "annotations": {names.ATTEMPT: str(ref.attempt), names.FULL_OWNER: owner},
    }


def _fenced(at: datetime) -> dict[str, str]:
    return {names.FENCED: "true", names.FENCED_AT: at.isoformat(timespec="seconds")}


def _container(options: KubernetesOptions, config: SessionConfig, volume: Volume | None) -> Body:
    probe: Body = {"exec": {"command": ["test", "-e", READY_FILE]}, "timeoutSeconds": 5}
    return {
        "name": names.CONTAINER,
        "image": config.image or options.runner_image,
        "imagePullPolicy": options.image_pull_policy,
        "command": [*options.runner_command, "--spec", SPEC_PATH],
        # not the workspace: what a repository holds must never be imported by the runner
        "workingDir": "/",
        "env": [{"name": name, "value": value} for name, value in _ENVIRONMENT.items()],
        "resources": _resources(options, config),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "terminationMessagePath": TERMINATION_LOG,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        # often until it registered once, then seldom: each look is a process in the session's container
        "startupProbe": {**probe, "periodSeconds": 1, "failureThreshold": _NEVER},
        "readinessProbe": {**probe, "periodSeconds": 30},
        "volumeMounts": _mounts(volume),
    }


def _resources(options: KubernetesOptions, config: SessionConfig) -> Body:
    limits = {"cpu": config.cpu_limit, "memory": config.memory_limit}
    requests = {
        "cpu": f"{_share(config.cpu_limit, options.cpu_request_ratio * 1000)}m",
        "memory": f"{_share(config.memory_limit, options.memory_request_ratio / 1024)}Ki",
    }
    if options.ephemeral_storage_limit is not None:
        limits["ephemeral-storage"] = options.ephemeral_storage_limit
        requests["ephemeral-storage"] = "0"
    return {"limits": limits, "requests": requests}


def _share(quantity: str, factor: Decimal) -> int:
    # downwards: a request above its limit is refused
    return max(1, int((parse_quantity(quantity) * factor).to_integral_value(rounding=ROUND_FLOOR)))


def _volumes(ref: LaunchRef, volume: Volume | None) -> Sequence[Body]:
    spec = {
        "secretName": ref.pod_name,
        "optional": False,
        "defaultMode": 0o440,
        "items": [{"key": names.SPEC_KEY, "path": names.SPEC_KEY}],
    }
    work: Body = (
        {"name": "workspace", "emptyDir": {}}
        if volume is None
        else {"name": "workspace", "persistentVolumeClaim": {"claimName": volume.id}}
    )
    return [{"name": "spec", "secret": spec}, {"name": "state", "emptyDir": {}}, work]


def _mounts(volume: Volume | None) -> Sequence[Body]:
    mounts: list[Body] = [
        {"name": "spec", "mountPath": SPEC_FOLDER, "readOnly": True},
        {"name": "state", "mountPath": STATE_DIR},
    ]
    if volume is None:
        return [*mounts, {"name": "workspace", "mountPath": VOLUME_FOLDER}]
    return [
        *mounts,
        {"name": "workspace", "mountPath": VOLUME_FOLDER, "subPath": "workspace"},
        # beside the workspace, so that a session that resumes finds the agent's conversation
        {"name": "workspace", "mountPath": f"{STATE_DIR}/home", "subPath": "home"},
    ]
