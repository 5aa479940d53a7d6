"""What a session is created again with: the kept volume where there is one, and never a conversation that is not there."""

from __future__ import annotations

from typing import Any

import pytest

from ccplant_api.sessions.recreation import merged_config
from ccplant_contracts.errors import InvalidRequestError
from ccplant_contracts.session import SessionConfig
from ccplant_store.sessions.model import SessionDoc
from ccplant_store.volumes.model import VolumeDoc, why_not
from tests.support.documents import NOW, OWNER, session_document

PVC = {"pvc_enabled": True, "pvc_storage_size": "5Gi"}


def session(**config: Any) -> SessionDoc:
    chosen = SessionConfig.model_validate({"agent": "demo", **config})
    return session_document(config=chosen.model_dump(mode="json"))


def volume(of: SessionDoc, **changes: Any) -> VolumeDoc:
    fields = {
        "id": of.id, "owner": OWNER, "size": "5Gi", "created_at": NOW, "holder": None, "last_holder": of.id,
    }  # fmt: skip
    return VolumeDoc.model_validate({**fields, **changes})


def test_the_kept_volume_goes_along() -> None:
    ended = session(**PVC)
    assert merged_config(ended, {}, volume(ended)).pvc_from == ended.id
    assert merged_config(ended, {}, None).pvc_from is None


def test_another_volume_or_an_empty_one_is_the_callers_word() -> None:
    ended = session(**PVC, pvc_from="session-ada-0000000001")
    other = "session-ada-0000000002"
    assert merged_config(ended, {"pvc_from": other}, volume(ended)).pvc_from == other
    assert merged_config(ended, {"pvc_from": None}, volume(ended)).pvc_from is None
    # what it mounted itself is no longer its to name: only what it left is
    assert merged_config(ended, {}, None).pvc_from is None


def test_without_a_volume_nothing_of_one_is_left() -> None:
    ended = session(**PVC, pvc_retain=True, pvc_from="session-ada-0000000001")
    without = merged_config(ended, {"pvc_enabled": False}, volume(ended))
    assert (without.pvc_enabled, without.pvc_from, without.pvc_retain) == (False, None, False)
    with pytest.raises(InvalidRequestError):
        merged_config(ended, {"pvc_enabled": False, "pvc_retain": True}, volume(ended))


def test_a_session_that_gets_a_volume_by_the_override_begins_empty() -> None:
    ended = session()
    config = merged_config(ended, {"pvc_enabled": True, "pvc_storage_size": "7Gi"}, None)
    assert (config.pvc_from, config.pvc_storage_size) == (None, "7Gi")


def test_a_preset_brings_its_sizes_unless_they_are_given() -> None:
    ended = session(preset="heavy")
    assert merged_config(ended, {"preset": "light"}, None).memory_limit == "2Gi"
    assert merged_config(ended, {"preset": "light", "memory_limit": "3Gi"}, None).memory_limit == "3Gi"


def test_why_a_volume_cannot_be_had() -> None:
    ended = session(**PVC)
    assert why_not(None, OWNER) == "absent"
    assert why_not(volume(ended), "eve") == "absent"
    assert why_not(volume(ended, holder=ended.id), "eve") == "absent", "that it is in use is not told either"
    assert why_not(volume(ended, deleting=True), OWNER) == "deleting"
    assert why_not(volume(ended, holder=ended.id), OWNER) == "held"
    assert why_not(volume(ended), OWNER) is None
