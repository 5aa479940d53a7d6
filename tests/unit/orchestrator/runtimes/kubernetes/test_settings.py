"""Settings say what they mean, and a mistake in one stops the start with its name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from ccplant_orchestrator.runtimes.kubernetes.settings import KubernetesSettings


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


def test_without_any_setting_the_defaults_of_the_users_page_hold() -> None:
    options = KubernetesSettings().options()
    assert options.namespace == "default"
    assert options.instance == "ccplant"
    assert options.runner_image.startswith("ccplant/runner:")
    assert options.storage_class is None


def test_texts_become_what_they_mean(given: pytest.MonkeyPatch) -> None:
    given.setenv("CCPLANT_KUBERNETES_NODE_SELECTOR", "pool=sessions, disk=ssd")
    given.setenv("CCPLANT_KUBERNETES_TOLERATIONS", "a=b:NoSchedule,c:NoExecute,d")
    given.setenv("CCPLANT_KUBERNETES_IMAGE_PULL_SECRETS", "one,two")
    given.setenv("CCPLANT_KUBERNETES_CPU_REQUEST_RATIO", "0.1")
    given.setenv("CCPLANT_KUBERNETES_EXTRA_LABELS", "example.com/team=a")
    options = KubernetesSettings().options()
    assert options.node_selector == {"pool": "sessions", "disk": "ssd"}
    assert options.tolerations == (
        {"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"},
        {"key": "c", "operator": "Exists", "effect": "NoExecute"},
        {"key": "d", "operator": "Exists"},
    )
    assert options.image_pull_secrets == ("one", "two")
    assert options.cpu_request_ratio == Decimal("0.1")
    assert options.extra_labels == {"example.com/team": "a"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CCPLANT_KUBERNETES_NAMESPACE", "Not A Name"),
        ("CCPLANT_KUBERNETES_INSTANCE", "a,b=c"),
        ("CCPLANT_KUBERNETES_NODE_SELECTOR", "pool"),
        ("CCPLANT_KUBERNETES_TOLERATIONS", "a=b:Sometimes"),
        ("CCPLANT_KUBERNETES_EXTRA_LABELS", "ccplant.dev/launch=mine"),
        ("CCPLANT_KUBERNETES_EXTRA_LABELS", "key=va lue"),
        ("CCPLANT_KUBERNETES_IMAGE_PULL_SECRETS", "A_B"),
        ("CCPLANT_KUBERNETES_CPU_REQUEST_RATIO", "1.5"),
        ("CCPLANT_KUBERNETES_EPHEMERAL_STORAGE_LIMIT", "much"),
    ],
)
def test_a_setting_that_makes_no_sense_stops_the_start(
    given: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    given.setenv(variable, value)
    with pytest.raises(ValidationError):
        KubernetesSettings()
