"""Whatever the objects look like, the diagnosis answers: it explains failures, and must not be one."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ccplant_contracts.launch import LastWord
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import diagnose_refusal, diagnose_start, read_exit
from tests.unit.orchestrator.runtimes.kubernetes.diagnosis import recordings

_SCENES = [name for name in recordings.names() if not name.startswith("refused-")]
_NOW = datetime(2030, 1, 1, tzinfo=UTC)

_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(
        ["0/x nodes are available: 1 a", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1e9", "{"]
    ),
    st.lists(st.none() | st.text(max_size=5) | st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5), max_size=3),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += _places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += _places(item, (*path, index))
    return found


_PLACES = {name: _places(recordings.recorded(name)) for name in _SCENES}


@st.composite
def _mutilated(draw: st.DrawFn) -> dict[str, Any]:
    """Take a recorded scene and drop or replace a few of its fields, at any depth."""
    name = draw(st.sampled_from(_SCENES))
    scene = copy.deepcopy(recordings.recorded(name))
    for path in draw(st.lists(st.sampled_from(_PLACES[name]), min_size=1, max_size=6)):
        parent: Any = scene
        try:
            for key in path[:-1]:
                parent = parent[key]
            if draw(st.booleans()):
                parent[path[-1]] = draw(_JUNK)
            else:
                del parent[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return scene


def _storable(value: object) -> None:
    """Refuse what no database or JSON takes: numbers beyond 64 bits, NaN, keys with a NUL."""
    json.dumps(value, allow_nan=False)
    if isinstance(value, dict):
        for key, item in value.items():
            assert isinstance(key, str)
            assert "\0" not in key
            _storable(item)
    elif isinstance(value, list):
        for item in value:
            _storable(item)
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63


@settings(max_examples=400, deadline=None)
@given(_mutilated())
def test_mutilated_objects_are_answered(scene: dict[str, Any]) -> None:
    problem = diagnose_start(
        scene.get("pod"),
        scene.get("events"),  # type: ignore[arg-type] # that is the point
        scene.get("pvc"),
        scene.get("nodes"),  # type: ignore[arg-type]
        now=_NOW,
        others=scene.get("others"),  # type: ignore[arg-type]
    )
    if problem is not None:
        _storable(problem.diagnosis.evidence)
        assert len(problem.diagnosis.model_dump_json()) < 60_000

    nodes = scene.get("nodes")
    record = read_exit(scene.get("pod"), nodes[0] if isinstance(nodes, list) and nodes else None)  # type: ignore[arg-type]
    _storable(dict(record.evidence))
    assert sum((record.oom_killed, record.evicted and record.node_shutdown)) <= 1
    assert record.exit_code is None or record.signal is None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(_VALUES, st.integers(), st.integers(), st.text(max_size=30))
def test_whatever_a_session_writes_as_its_last_word_can_be_kept(
    evidence: object, code: int, seq: int, line: str
) -> None:
    scene = recordings.recorded("ended-crashed")
    state = scene["pod"]["status"]["containerStatuses"][0]["state"]["terminated"]
    said = {
        "reason": None,
        "exit_code": code,
        "last_seq": seq,
        "log_tail": [line],
        "evidence": {"x": evidence},
    }
    state["message"] = json.dumps(said)

    record = recordings.end(scene)

    _storable(dict(record.evidence))
    if record.last_word is not None:
        _storable(record.last_word.evidence)
        _storable([record.last_word.exit_code, record.last_word.last_seq])
        LastWord.model_validate_json(record.last_word.model_dump_json())


@given(st.integers(), st.text(max_size=60), st.text(max_size=200))
def test_any_refusal_is_explained(status: int, reason: str, message: str) -> None:
    assert diagnose_refusal(status, reason, message).diagnosis.message["ja"]
