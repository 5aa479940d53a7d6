"""A namespace for each test, and an end of everything in it that no finalizer holds up."""

from __future__ import annotations

import secrets

from tests.kubernetes.cluster.client import ClusterApi
from tests.support.waiting import wait_until

_READY_SECONDS = 30.0


def new_namespace(api: ClusterApi) -> str:
    """Make a namespace and wait until Pods can be made in it."""
    name = f"test-{secrets.token_hex(5)}"
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    path = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    wait_until(lambda: api.find(path) is not None, _READY_SECONDS, f"the service account of {name}")
    return name


def remove_namespace(api: ClusterApi, name: str) -> None:
    """Have all of it go, also what somebody's finalizer would keep; does not wait for the namespace itself.

    One object at a time: thousands of Pods in one request take the API server longer than a client waits.
    """
    for kind in ("pods", "persistentvolumeclaims", "secrets"):
        path = f"/api/v1/namespaces/{name}/{kind}"
        for one in api.items(path):
            if one["metadata"].get("finalizers"):
                api.patch(f"{path}/{one['metadata']['name']}", {"metadata": {"finalizers": None}})
            if kind == "pods":
                api.delete(f"{path}/{one['metadata']['name']}", grace=0)
    api.delete(f"/api/v1/namespaces/{name}")
