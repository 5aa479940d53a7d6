"""Payloads that GitHub never sends: any JSON object, and examples with something else where a value was."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from ccplant_triggers.examples import EXAMPLES
from ccplant_triggers.payloads import SHAPES

ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine that does much else at the same time is slow, and no test of bounds is about that."""

TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(
    [
        "refs/heads/x",
        "refs/tags/",
        "\x00",
        "\ud800",
        "</untrusted-",
        "https://",
        "https://a@b/c",
        "https://[",
        "-x",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(1 << 70), max_value=1 << 70)
    | st.floats()
    | TEXTS
    | st.just(10**4000)
)
NAMES = TEXTS | st.sampled_from(
    [
        *("action", "repository", "full_name", "clone_url", "sender", "login", "type", "ref", "ref_type", "name", "number"),
        *("pull_request", "issue", "discussion", "labels", "base", "commits", "head_commit", "added", "branches", "body"),
        *("event", "facts", "payload", "loop", "release", "workflow_run", "check_run", "check_suite", "pull_requests"),
    ]
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
OBJECTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(NAMES, VALUES, max_size=6)
EVENTS = st.sampled_from(sorted({*SHAPES, *EXAMPLES, "star", "x" * 300, "", "\ud800"}))


@st.composite
def spoiled_examples(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An event and its example, with up to four values replaced by something else."""
    event = draw(st.sampled_from(sorted(EXAMPLES)))
    payload: dict[str, Any] = copy.deepcopy(dict(EXAMPLES[event]))
    for _ in range(draw(st.integers(1, 4))):
        node: Any = payload
        while True:
            key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            if isinstance(node[key], dict | list) and node[key] and draw(st.booleans()):
                node = node[key]
                continue
            node[key] = draw(VALUES)
            break
    return event, payload


DELIVERIES = spoiled_examples() | st.tuples(EVENTS, OBJECTS)
