"""A plain client of a cluster's API for tests: paths and JSON objects, no model in between.

It knows nothing of the product's own client: what that one gets wrong, this one still sees.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]

_TIMEOUT_SECONDS = 20.0


class ClusterApi:
    """Talks to one API server as its administrator, or as whoever's token it is given."""

    def __init__(self, url: str, ca_file: Path, token: str) -> None:
        self.url, self.ca_file, self.token = url, ca_file, token
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            verify=ssl.create_default_context(cafile=str(ca_file)),
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )

    def request(
        self, method: str, path: str, body: object = None, *, kind: str = "application/json", **query: str
    ) -> httpx.Response:
        """Send one request; the answer may be a refusal."""
        headers = {"Content-Type": kind} if body is not None else {}
        return self._client.request(method, path, json=body, headers=headers, params=query)

    def get(self, path: str, **query: str) -> Json:
        """Read an object or a list."""
        return self._checked(self.request("GET", path, **query))

    def find(self, path: str) -> Json | None:
        """Read an object; None where there is none."""
        answer = self.request("GET", path)
        return None if answer.status_code == httpx.codes.NOT_FOUND else self._checked(answer)

    def items(self, path: str, **query: str) -> list[Json]:
        """Read a list."""
        items: list[Json] = self.get(path, **query)["items"]
        return items

    def create(self, path: str, body: Mapping[str, Any]) -> Json:
        """Create an object."""
        return self._checked(self.request("POST", path, body))

    def patch(
        self, path: str, body: Mapping[str, Any], kind: str = "application/merge-patch+json"
    ) -> Json | None:
        """Change an object; None where there is none."""
        answer = self.request("PATCH", path, body, kind=kind)
        return None if answer.status_code == httpx.codes.NOT_FOUND else self._checked(answer)

    def delete(self, path: str, *, grace: int | None = None, **query: str) -> None:
        """Delete an object; one that is gone is gone."""
        body = {} if grace is None else {"gracePeriodSeconds": grace}
        answer = self.request("DELETE", path, body, **query)
        if answer.status_code != httpx.codes.NOT_FOUND:
            self._checked(answer)

    def text(self, path: str, **query: str) -> str:
        """Read what is no object: a log."""
        answer = self.request("GET", path, **query)
        assert answer.is_success, answer.text
        return answer.text

    # --- what tests ask most ---

    def pods(self, namespace: str, selector: str = "") -> list[Json]:
        """Read the Pods of a namespace."""
        query = {"labelSelector": selector} if selector else {}
        return self.items(f"/api/v1/namespaces/{namespace}/pods", **query)

    def pod(self, namespace: str, name: str) -> Json | None:
        """Read a Pod; None where there is none."""
        return self.find(f"/api/v1/namespaces/{namespace}/pods/{name}")

    def events(self, namespace: str, name: str) -> list[Json]:
        """Read the events about an object."""
        field = f"involvedObject.name={name}"
        return self.items(f"/api/v1/namespaces/{namespace}/events", fieldSelector=field)

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Create objects of the core and RBAC groups by their kind."""
        for one in objects:
            self.create(_place(one), one)

    def close(self) -> None:
        self._client.close()

    def _checked(self, answer: httpx.Response) -> Json:
        assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.text[:1_000]}"
        content: Json = answer.json()
        return content


_RESOURCES: Mapping[str, tuple[str, bool]] = {
    "Namespace": ("namespaces", False),
    "Node": ("nodes", False),
    "PersistentVolume": ("persistentvolumes", False),
    "Pod": ("pods", True),
    "Secret": ("secrets", True),
    "PersistentVolumeClaim": ("persistentvolumeclaims", True),
    "ServiceAccount": ("serviceaccounts", True),
    "ResourceQuota": ("resourcequotas", True),
    "LimitRange": ("limitranges", True),
    "Role": ("roles", True),
    "RoleBinding": ("rolebindings", True),
    "ClusterRole": ("clusterroles", False),
    "ClusterRoleBinding": ("clusterrolebindings", False),
    "StorageClass": ("storageclasses", False),
    "PriorityClass": ("priorityclasses", False),
    "PodDisruptionBudget": ("poddisruptionbudgets", True),
}


def _place(one: Mapping[str, Any]) -> str:
    version = str(one["apiVersion"])
    resource, namespaced = _RESOURCES[str(one["kind"])]
    root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
    return (
        f"{root}/namespaces/{one['metadata']['namespace']}/{resource}" if namespaced else f"{root}/{resource}"
    )


def conditions(one: Mapping[str, Any]) -> dict[str, str]:
    """Return an object's conditions: type to status."""
    found: Sequence[Mapping[str, Any]] = one.get("status", {}).get("conditions", ())
    return {condition["type"]: condition["status"] for condition in found}
