"""Storage for clusters without a provisioner: volumes are made by hand, before or after somebody claims them."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def storage_class(name: str, *, wait: bool = True) -> Json:
    """Return a class whose volumes are made by hand; `wait`: bound when a Pod that uses them is placed."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer" if wait else "Immediate",
        "reclaimPolicy": "Retain",
    }


def volume(class_name: str, *, size: str = "10Gi", folder: Path | None = None, node: str = "") -> Json:
    """Return a volume: a folder of one node, or one that fake nodes only tell of."""
    body: Json = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pv-{secrets.token_hex(5)}"},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": class_name,
        },
    }
    if folder is None:
        body["spec"]["hostPath"] = {"path": "/nowhere", "type": ""}
        return body
    # of kind `local`, because a kubelet gives it to the Pod's group, which it does not do for hostPath
    term = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    body["spec"]["local"] = {"path": str(folder)}
    body["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}}
    return body
