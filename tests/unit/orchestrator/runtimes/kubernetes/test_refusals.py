"""What the API server refuses is hopeless or not by rule, and its words reach whoever asked (D1)."""

from __future__ import annotations

from contextlib import AbstractContextManager

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


@pytest.mark.parametrize("made", [refusable("Pod"), reported()], ids=["made", "read"])
def test_a_right_that_is_missing_is_named(made: AbstractContextManager[None]) -> None:
    said = f'{_RIGHTS} in the namespace "sessions"'
    with pytest.raises(RuntimeFailedError) as failed, reported(), made:
        raise ApiError(403, "Forbidden", said)
    diagnosis = failed.value.diagnosis
    assert diagnosis is not None
    assert diagnosis.code == "rights_missing"
    named = {name: diagnosis.evidence[name] for name in ("verb", "resource", "namespace")}
    assert named == {"verb": "create", "resource": "pods", "namespace": "sessions"}


@pytest.mark.parametrize(("status", "message"), [(403, "not yet ready to handle request"), (500, _RIGHTS)])
def test_what_no_rule_of_rights_says_is_not_told_as_one(status: int, message: str) -> None:
    with pytest.raises(RuntimeFailedError) as failed, reported():
        raise ApiError(status, "", message)
    assert failed.value.diagnosis is None
