"""What the API server refuses is hopeless or not by rule, and its words reach whoever asked (D1)."""

from __future__ import annotations

import pytest

from ccplant_orchestrator.runtimes.kubernetes.api import ApiError, UnreachableError
from ccplant_orchestrator.runtimes.kubernetes.refusals import is_hopeless, refusable, reported
from ccplant_orchestrator.runtimes.protocol import LaunchRefusedError, RuntimeFailedError

_RIGHTS = 'pods is forbidden: User "system:serviceaccount:a:b" cannot create resource "pods" in API group ""'


@pytest.mark.parametrize(
    ("status", "message", "hopeless"),
    [
        (403, 'pods "a" is forbidden: exceeded quota: few, requested: pods=1', True),
        (403, 'pods "a" is forbidden: violates PodSecurity "restricted:latest"', True),
        (400, 'admission webhook "x" denied the request: no', True),
        (403, 'pods "a" is forbidden: pod rejected: RuntimeClass "gvisor" not found', True),
        (422, "Pod is invalid: spec.containers[0].image", True),
        (404, 'namespaces "sessions" not found', True),
        (403, _RIGHTS, False),
        (403, "forbidden: not yet ready to handle request", False),
        (403, 'error looking up service account a/default: serviceaccount "default" not found', False),
        (409, "Operation cannot be fulfilled on resourcequotas", False),
        (429, "too many requests", False),
        (500, "failed calling webhook", False),
        (503, "unavailable", False),
    ],
)
def test_a_refusal_by_rule_is_hopeless_and_nothing_else_is(status: int, message: str, hopeless: bool) -> None:
    assert is_hopeless(ApiError(status, "", message)) is hopeless


def test_the_servers_words_are_in_the_diagnosis() -> None:
    error = ApiError(403, "Forbidden", "exceeded quota: few, requested: pods=1, used: pods=2")
    with pytest.raises(LaunchRefusedError) as refused, refusable("Pod"):
        raise error
    diagnosis = refused.value.diagnosis
    assert "used: pods=2" in diagnosis.message["ja"]
    assert "used: pods=2" in diagnosis.message["en"]
    assert diagnosis.code == "quota_exceeded"


@pytest.mark.parametrize("error", [ApiError(500, "", "oops"), UnreachableError("away")])
def test_whatever_else_goes_wrong_may_work_later(error: Exception) -> None:
    with pytest.raises(RuntimeFailedError), reported(), refusable("x"):
        raise error
