"""Pods and Secrets as the product made them, made again without it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from benchmarks.yardsticks.standin_runners import LAUNCH_LABEL

_SPEC = "spec.json"


@dataclass(frozen=True)
class Template:
    """One launch's objects, without what the API server added."""

    name: str
    secret: str
    pod: str

    @classmethod
    async def of(cls, client: httpx.AsyncClient, namespace: str) -> Self:
        """Copy the objects of any launch of a namespace."""
        root = f"/api/v1/namespaces/{namespace}"
        pods = (await client.get(f"{root}/pods", params={"limit": 1, "labelSelector": LAUNCH_LABEL})).json()[
            "items"
        ]
        name: str = pods[0]["metadata"]["name"]
        secret = (await client.get(f"{root}/secrets/{name}")).json()
        return cls(name, json.dumps(_bare(secret)), json.dumps(_bare(pods[0])))

    async def create(
        self, client: httpx.AsyncClient, namespace: str, name: str, *, spec: str | None = None
    ) -> None:
        """Make both under another name, with another specification of the runner where one is given."""
        secret = json.loads(self.secret.replace(self.name, name))
        if spec is not None:
            secret["data"][_SPEC] = base64.b64encode(spec.encode()).decode()
        for kind, body in (("secrets", json.dumps(secret)), ("pods", self.pod.replace(self.name, name))):
            answer = await client.post(
                f"/api/v1/namespaces/{namespace}/{kind}",
                content=body,
                headers={"Content-Type": "application/json"},
            )
            answer.raise_for_status()


def _bare(one: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("name", "labels", "annotations")
    made = {key: value for key, value in one.items() if key not in ("metadata", "status")}
    if "spec" in made:
        made["spec"] = {key: value for key, value in made["spec"].items() if key != "nodeName"}
    return {**made, "metadata": {key: one["metadata"][key] for key in kept if key in one["metadata"]}}
