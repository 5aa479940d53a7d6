"""What the orchestrator has to be allowed in the cluster, and a question about each; the Role is held against this table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ccplant_orchestrator.runtimes.kubernetes.api import Json


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource; without `namespaced`, of the whole cluster."""

    resource: str
    verb: str
    subresource: str = ""
    group: str = ""
    namespaced: bool = True

    def __str__(self) -> str:
        what = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        return f"{self.verb} {what}"

    def question(self, namespace: str) -> Json:
        """Return the review by which the API server says whether we have it."""
        about: dict[str, str] = {"verb": self.verb, "resource": self.resource, "group": self.group}
        if self.subresource:
            about["subresource"] = self.subresource
        if self.namespaced:
            about["namespace"] = namespace
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": about},
        }


def _each(resource: str, *verbs: str) -> tuple[Right, ...]:
    return tuple(Right(resource, verb) for verb in verbs)


NEEDED: Sequence[Right] = (
    *_each("pods", "create", "delete", "get", "list", "patch", "watch"),
    Right("pods", "get", "log"),
    *_each("secrets", "create", "delete", "get", "list", "patch"),
    *_each("persistentvolumeclaims", "create", "delete", "get", "list"),
    *_each("events", "get", "list"),
)
"""In the namespace of the sessions."""

EXPLAINING: Sequence[Right] = (
    Right("nodes", "get", namespaced=False),
    Right("nodes", "list", namespaced=False),
    Right("storageclasses", "get", group="storage.k8s.io", namespaced=False),
    Right("storageclasses", "list", group="storage.k8s.io", namespaced=False),
)
"""Without them everything works, and explanations say less."""

EXCESSIVE: Sequence[Right] = (
    Right("pods", "create", "exec"),
    Right("serviceaccounts", "create", "token"),
    Right("rolebindings", "create", group="rbac.authorization.k8s.io"),
    Right("secrets", "list", namespaced=False),
)
"""Nothing of ours needs these; with one of them whoever takes the orchestrator over has more than its sessions."""


def allowed(answer: Json) -> bool:
    """Read the API server's answer to a question."""
    return bool(answer.get("status", {}).get("allowed"))
