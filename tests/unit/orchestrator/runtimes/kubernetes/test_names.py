"""Labels say whose an object is: everybody's name fits in, and only an exact match is one's own."""

from __future__ import annotations

import copy
import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_orchestrator.runtimes.kubernetes import names
from ccplant_orchestrator.runtimes.protocol import LaunchRef
from tests.unit.orchestrator.runtimes.kubernetes.objects import OPTIONS, REF, pod

_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


@given(st.text(max_size=200))
def test_any_owner_fits_into_a_label(owner: str) -> None:
    value = names.label_safe(owner)
    assert _LABEL.fullmatch(value)
    assert value


@given(st.text(max_size=30), st.text(max_size=30))
def test_two_owners_never_share_a_label(one: str, other: str) -> None:
    assert (names.label_safe(one) == names.label_safe(other)) == (one == other)


def test_a_launch_is_read_back_from_its_pod() -> None:
    ref = LaunchRef("session-a-1", "l9", 3, "session-a-1-3")
    assert names.ref_of(OPTIONS, pod(ref=ref)) == ref


@pytest.mark.parametrize("label", [names.MANAGED_BY, names.INSTANCE, names.LAUNCH, names.SESSION])
def test_an_object_without_all_labels_is_a_strangers(label: str) -> None:
    found = copy.deepcopy(pod())
    del found["metadata"]["labels"][label]
    assert names.ref_of(OPTIONS, found) is None
    assert not names.belongs_to(OPTIONS, found, REF)


def test_an_object_of_another_installation_is_a_strangers() -> None:
    other = dataclasses.replace(OPTIONS, instance="elsewhere")
    assert names.ref_of(other, pod()) is None


def test_the_pod_of_another_launch_is_not_this_launch() -> None:
    assert not names.belongs_to(OPTIONS, pod(), dataclasses.replace(REF, launch_id="l-other"))
    assert names.belongs_to(OPTIONS, pod(), REF)
