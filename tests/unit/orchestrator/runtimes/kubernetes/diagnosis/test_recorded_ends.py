"""Every end on a real cluster is read as the facts that its objects show, and no more (D2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ccplant_orchestrator.runtimes.protocol import ExitRecord
from tests.unit.orchestrator.runtimes.kubernetes.diagnosis import recordings

_KILLED: dict[str, Any] = {"exit_code": None, "signal": 9}
_TOLD: dict[str, Any] = {"exit_code": None, "signal": 15}
_UNSEEN: dict[str, Any] = {"exit_code": None, "signal": None}

ENDS: list[tuple[str, dict[str, Any], str]] = [
    ("ended-out-of-memory", {**_KILLED, "oom_killed": True}, ""),
    ("ended-well-after-a-tool-ran-out-of-memory", {"exit_code": 0}, ""),
    ("ended-crashed", {"exit_code": 1}, ""),
    ("ended-crashed-without-log", {"exit_code": 1}, ""),
    ("ended-segmentation-fault", {"exit_code": None, "signal": 11}, ""),
    ("ended-with-139", {"exit_code": None, "signal": 11}, ""),
    ("ended-well", {"exit_code": 0}, ""),
    ("ended-by-the-end-of-a-grace", {**_KILLED, "deleted_from_outside": True}, "deleted from outside"),
    ("ended-drained", {**_TOLD, "node_shutdown": True}, "Eviction API: evicting (node fake-1)"),
    ("ended-evicted-through-api", {**_TOLD, "evicted": True}, "Eviction API: evicting"),
    ("ended-preempted", {**_TOLD, "evicted": True}, "preempting to accommodate a higher priority pod"),
    ("ended-by-a-taint", {**_TOLD, "evicted": True}, "NoExecute taint"),
    ("ended-deleted-from-outside", {**_TOLD, "deleted_from_outside": True}, "deleted from outside"),
    ("ended-deleted-by-us", _TOLD, ""),
    ("ended-crashed-then-deleted", {"exit_code": 1}, ""),
    ("ended-node-silent", {**_UNSEEN, "node_shutdown": True}, "node-1"),
    ("ended-node-removed", {**_UNSEEN, "node_shutdown": True}, "node no longer exists"),
    ("ended-by-a-restart-of-its-node", {**_UNSEEN, "node_shutdown": True}, "was away"),
]
_NOTHING = {
    "exit_code": None,
    "signal": None,
    "oom_killed": False,
    "evicted": False,
    "node_shutdown": False,
    "deleted_from_outside": False,
}


def _facts(record: ExitRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _NOTHING}


@pytest.mark.parametrize(("name", "facts", "detail"), ENDS, ids=[one[0] for one in ENDS])
def test_a_recorded_end_is_read(name: str, facts: dict[str, Any], detail: str) -> None:
    record = recordings.end(recordings.recorded(name))

    assert _facts(record) == {**_NOTHING, **facts}
    assert detail in (record.detail or "")
    assert not record.output_readable
    assert record.complete
    assert record.evidence["memory_limit"] in ("128Mi", "1Gi")
    json.dumps(dict(record.evidence), allow_nan=False)


def test_every_recorded_end_is_in_the_table() -> None:
    assert set(recordings.names("ended-")) == {one[0] for one in ENDS}


def test_what_was_killed_for_want_of_memory_is_said() -> None:
    whole = recordings.end(recordings.recorded("ended-out-of-memory"))
    assert whole.evidence["oom"] == {"of": "session"}
    assert whole.evidence["container_reason"] == "OOMKilled"


def test_the_last_lines_are_kept_from_the_log_or_from_the_termination_message() -> None:
    assert "before the end" in recordings.end(recordings.recorded("ended-crashed")).log_tail
    told = recordings.end(recordings.recorded("ended-crashed-without-log"))
    assert "told as termination message" in told.log_tail
    assert told.last_word is None
