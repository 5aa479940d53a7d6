"""The settings of the Kubernetes runtime, as text in the environment, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ccplant_contracts.quantities import parse_quantity
from ccplant_orchestrator.runtimes.kubernetes.api import Json
from ccplant_orchestrator.runtimes.kubernetes.options import KubernetesOptions

_DNS_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
_DNS_NAME = re.compile(r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")
_LABEL_KEY = re.compile(
    r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
)
_LABEL_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
_RESERVED = ("ccplant.dev/", "app.kubernetes.io/")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


class KubernetesSettings(BaseSettings):
    """Where sessions' Pods run and what they are like; read where `CCPLANT_RUNTIME` is `kubernetes`."""

    model_config = SettingsConfigDict(env_prefix="CCPLANT_", frozen=True, extra="ignore")

    kubernetes_namespace: str = Field(
        "default", description="Namespace of the Pods, PVCs and Secrets of sessions."
    )
    kubernetes_instance: str = Field(
        "ccplant",
        description="Name of this installation; two in one namespace never touch each other's things.",
    )
    kubernetes_config_file: Path | None = Field(
        None,
        description="The kubeconfig; none: `KUBECONFIG`, or the service account of the orchestrator's own Pod.",
    )
    kubernetes_context: str | None = Field(
        None, description="Context of the kubeconfig; none: its current one."
    )
    runner_image: str | None = Field(
        None, description="Image of sessions that name none; default `ccplant/runner:VERSION`."
    )
    kubernetes_image_pull_policy: Literal["IfNotPresent", "Always", "Never"] = Field(
        "IfNotPresent", description="When images are pulled."
    )
    kubernetes_image_pull_secrets: str = Field(
        "", description="Secrets with credentials of image registries, separated by commas."
    )
    kubernetes_cpu_request_ratio: float = Field(
        0.25,
        gt=0,
        le=1,
        description="CPU that a session's Pod requests, as a share of its limit.",
    )
    kubernetes_memory_request_ratio: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Memory that a session's Pod requests, as a share of its limit.",
    )
    kubernetes_ephemeral_storage_limit: str | None = Field(
        None, description="What a session may write to its node's disk, `20Gi` say; none: no limit."
    )
    kubernetes_node_selector: str = Field(
        "", description="Labels of the nodes that sessions run on: `key=value`, separated by commas."
    )
    kubernetes_tolerations: str = Field(
        "",
        description="Taints that sessions tolerate: `key=value:Effect`, `key:Effect` or `key`, separated by commas.",
    )
    kubernetes_runtime_class: str | None = Field(
        None, description="Runtime class of sessions' Pods, for a sandbox such as gVisor."
    )
    kubernetes_priority_class: str | None = Field(None, description="Priority class of sessions' Pods.")
    kubernetes_storage_class: str | None = Field(
        None, description="Storage class of sessions' volumes; none: the cluster's default."
    )
    kubernetes_volume_access_mode: Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"] = Field(
        "ReadWriteOnce",
        description="Access mode of sessions' volumes; `ReadWriteOncePod` where the storage driver can.",
    )
    kubernetes_extra_labels: str = Field(
        "", description="Further labels of everything that is made: `key=value`, separated by commas."
    )

    @model_validator(mode="after")
    def _understandable(self) -> Self:
        """Read everything once, so that a mistake stops the start and not the first session."""
        self.options()
        return self

    def options(self) -> KubernetesOptions:
        """Return what they mean.

        Raises:
            ValueError: one of them makes no sense, and which.
        """
        return KubernetesOptions(
            namespace=_matching(_DNS_LABEL, self.kubernetes_namespace, "CCPLANT_KUBERNETES_NAMESPACE"),
            instance=_matching(_DNS_LABEL, self.kubernetes_instance, "CCPLANT_KUBERNETES_INSTANCE"),
            config_file=self.kubernetes_config_file,
            context=self.kubernetes_context,
            runner_image=self.runner_image or f"ccplant/runner:{version('ccplant-orchestrator')}",
            image_pull_policy=self.kubernetes_image_pull_policy,
            image_pull_secrets=tuple(
                _matching(_DNS_NAME, name, "CCPLANT_KUBERNETES_IMAGE_PULL_SECRETS")
                for name in _parts(self.kubernetes_image_pull_secrets)
            ),
            cpu_request_ratio=Decimal(str(self.kubernetes_cpu_request_ratio)),
            memory_request_ratio=Decimal(str(self.kubernetes_memory_request_ratio)),
            ephemeral_storage_limit=_quantity(self.kubernetes_ephemeral_storage_limit),
            node_selector=_labels(self.kubernetes_node_selector, "CCPLANT_KUBERNETES_NODE_SELECTOR"),
            tolerations=tuple(_toleration(text) for text in _parts(self.kubernetes_tolerations)),
            runtime_class=self.kubernetes_runtime_class or None,
            priority_class=self.kubernetes_priority_class or None,
            storage_class=self.kubernetes_storage_class or None,
            volume_access_mode=self.kubernetes_volume_access_mode,
            extra_labels=_unreserved(
                _labels(self.kubernetes_extra_labels, "CCPLANT_KUBERNETES_EXTRA_LABELS")
            ),
        )


def _parts(text: str) -> Sequence[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _matching(pattern: re.Pattern[str], text: str, variable: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{variable}: {text!r} is not a name that Kubernetes takes there")
    return text


def _labels(text: str, variable: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in _parts(text):
        key, equals, value = part.partition("=")
        if not equals or not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise ValueError(f"{variable}: {part!r} is not key=value")
        found[key] = value
    return found


def _unreserved(labels: Mapping[str, str]) -> Mapping[str, str]:
    for key in labels:
        if key.startswith(_RESERVED):
            raise ValueError(f"CCPLANT_KUBERNETES_EXTRA_LABELS: {key!r} is a label that ccplant gives itself")
    return labels


def _toleration(text: str) -> Json:
    taint, colon, effect = text.partition(":")
    key, equals, value = taint.partition("=")
    if (
        not _LABEL_KEY.fullmatch(key)
        or (colon and effect not in _EFFECTS)
        or not _LABEL_VALUE.fullmatch(value)
    ):
        raise ValueError(f"CCPLANT_KUBERNETES_TOLERATIONS: {text!r} is not key=value:Effect")
    toleration = {"key": key, "operator": "Equal" if equals else "Exists"}
    if equals:
        toleration["value"] = value
    if colon:
        toleration["effect"] = effect
    return toleration


def _quantity(text: str | None) -> str | None:
    if not text:
        return None
    parse_quantity(text)
    return text
