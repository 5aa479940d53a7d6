"""Makes scenes on a real cluster and writes down the objects as they are then, for tests that judge them."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.kubernetes import manifests, names
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Volume
from tests.kubernetes.cluster.client import ClusterApi
from tests.support.waiting import wait_until

Json = dict[str, Any]

_SECONDS = 60.0
_NODE_METADATA = ("name", "labels", "uid", "creationTimestamp")
_OTHER_SPEC = ("nodeName", "containers")


@dataclass
class Recorder:
    """A namespace, and where recordings go."""

    api: ClusterApi
    namespace: str
    folder: Path
    hide: Mapping[str, str] = field(default_factory=dict)
    """What names the machine of the recording, and what stands there instead."""

    # --- making ---

    def pod(
        self,
        *,
        image: str | None = None,
        command: Sequence[str] = (),
        requests: Mapping[str, str] | None = None,
        claim: str = "",
        secret: bool = True,
        change: Callable[[Json], None] | None = None,
        **options: Any,
    ) -> Json:
        """Make a session's Pod as the product does, but for what the scene needs otherwise."""
        ref = LaunchRef(f"session-{secrets.token_hex(5)}", f"l{secrets.token_hex(5)}", 1, "")
        ref = LaunchRef(ref.session_id, ref.launch_id, 1, ref.session_id)
        chosen = KubernetesOptions(namespace=self.namespace, **options)
        config = SessionConfig(image=image, memory_limit="128Mi", cpu_limit="1")
        volume = Volume(claim, "tester", "1Gi") if claim else None
        body = manifests.pod(chosen, ref, "tester", config, volume)
        container = body["spec"]["containers"][0]
        if command:
            container["command"] = list(command)
        if requests is not None:
            container["resources"] = {"requests": dict(requests), "limits": dict(requests)}
        if change is not None:
            change(body)
        if secret:
            named = {"name": ref.pod_name, "namespace": self.namespace}
            self.api.apply(
                {"apiVersion": "v1", "kind": "Secret", "metadata": named, "stringData": {"spec.json": "{}"}}
            )
        return self.api.create(f"/api/v1/namespaces/{self.namespace}/pods", body)

    def claim(self, name: str, class_name: str | None) -> Json:
        """Make a claim."""
        chosen = KubernetesOptions(namespace=self.namespace, storage_class=class_name)
        body = manifests.claim(chosen, Volume(name, "tester", "1Gi"))
        return self.api.create(f"/api/v1/namespaces/{self.namespace}/persistentvolumeclaims", body)

    # --- waiting ---

    def read(self, pod: Json) -> Json:
        found = self.api.pod(self.namespace, pod["metadata"]["name"])
        assert found is not None
        return found

    def wait(self, what: str, condition: Callable[[], bool], seconds: float = _SECONDS) -> None:
        """Wait for the scene to come about."""

        def holds() -> bool:
            time.sleep(0.1)
            return condition()

        wait_until(holds, seconds, what)

    def wait_event(self, name: str, reason: str, times: int = 1, words: str = "") -> None:
        """Wait until something was told about an object, so often."""

        def told() -> bool:
            found = [one for one in self.api.events(self.namespace, name) if one["reason"] == reason]
            found = [one for one in found if words in one["message"]]
            return sum(one.get("count") or 1 for one in found) >= times

        self.wait(f"{reason} of {name}", told, 180)

    def wait_unschedulable(self, pod: Json) -> None:
        self.wait_event(pod["metadata"]["name"], "FailedScheduling")

    def wait_state(self, pod: Json, state: str, reason: str = "") -> None:
        """Wait until the session's container is in a state."""

        def reached() -> bool:
            for status in self.read(pod)["status"].get("containerStatuses", ()):
                found = status["state"].get(state)
                if status["name"] == names.CONTAINER and found is not None:
                    return reason in ("", found.get("reason", ""))
            return False

        self.wait(f"{state} {reason}", reached, 120)

    # --- writing down ---

    def record(
        self, title: str, pod: Json, *, others: Sequence[Json] = (), log: bool = False, keep: bool = False
    ) -> None:
        """Write down a Pod and what is around it, and let the Pod go."""
        found = self.read(pod)
        name = pod["metadata"]["name"]
        claims = [
            one["persistentVolumeClaim"]["claimName"]
            for one in found["spec"]["volumes"]
            if "persistentVolumeClaim" in one
        ]
        events = self.api.events(self.namespace, name)
        pvc = None
        for claim in claims:
            pvc = self.api.find(f"/api/v1/namespaces/{self.namespace}/persistentvolumeclaims/{claim}")
            events += self.api.events(self.namespace, claim)
        written: Json = {
            "now": datetime.now(UTC).isoformat(timespec="seconds"),
            "pod": found,
            "events": events,
            "pvc": pvc,
            "nodes": [_node(one) for one in self.api.items("/api/v1/nodes") if _matters(one, found)],
            "others": [_other(self.read(one)) for one in others],
        }
        if log:
            path = f"/api/v1/namespaces/{self.namespace}/pods/{name}/log"
            written["log_tail"] = self.api.text(path, tailLines="50").splitlines()
        self.write(title, written)
        if not keep:
            self.release(pod)

    def release(self, pod: Json) -> None:
        """Let a Pod go."""
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod['metadata']['name']}"
        self.api.patch(path, {"metadata": {"finalizers": None}})
        self.api.delete(path, grace=0)

    def refusal(self, title: str, **scene: Any) -> None:
        """Write down how the server refuses a Pod; rules that were just made may take it a moment to see."""
        for _ in range(50):
            try:
                made = self.pod(secret=False, **scene)
            except AssertionError as refused:
                text = str(refused)
                self.write(title, json.loads(text[text.index("{") :]))
                return
            self.release(made)
            time.sleep(0.2)
        raise AssertionError(f"{title}: nothing was refused")

    def write(self, title: str, content: Json) -> None:
        text = json.dumps(_trimmed(content), indent=1, sort_keys=True, ensure_ascii=False)
        for found, instead in {self.namespace: "sessions", **self.hide}.items():
            text = text.replace(found, instead)
        # ports and paths differ from run to run and say nothing
        text = re.sub(r"(192\.0\.2\.1):\d+", r"\1:5000", text)
        text = re.sub(r"(lookup \S+ on) [\d.]+:53", r"\1 192.0.2.53:53", text)
        (self.folder / f"{title}.json").write_text(text + "\n")
        print(f"recorded {title}")


def _node(one: Json) -> Json:
    status = one["status"]
    return {
        "metadata": {key: one["metadata"][key] for key in _NODE_METADATA if key in one["metadata"]},
        "spec": {key: one["spec"][key] for key in ("taints", "unschedulable") if key in one["spec"]},
        "status": {key: status[key] for key in ("allocatable", "conditions") if key in status},
    }


def _matters(node: Json, pod: Json) -> bool:
    """Of a Pod that has a node, only that one is looked at."""
    return pod["spec"].get("nodeName") in (None, node["metadata"]["name"])


def _other(one: Json) -> Json:
    """Keep of another Pod what it takes of its node."""
    return {
        "metadata": {"name": one["metadata"]["name"]},
        "spec": {key: one["spec"][key] for key in _OTHER_SPEC if key in one["spec"]},
        "status": {"phase": one["status"]["phase"]},
    }


def _trimmed(value: Any) -> Any:
    if isinstance(value, dict):
        dropped = ("managedFields", "hostIP", "hostIPs", "podIP", "podIPs", "images", "nodeInfo", "addresses")
        return {key: _trimmed(item) for key, item in value.items() if key not in dropped}
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    return value
