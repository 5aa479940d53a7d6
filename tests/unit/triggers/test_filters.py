"""Each filter lets through what it says, says why, and is asked also after another said no."""

from __future__ import annotations

import copy
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_contracts.messages import CATALOGUE
from ccplant_contracts.webhook import CreateWebhook, FilterVerdict, IgnoredReason
from ccplant_triggers import filters, payloads
from ccplant_triggers.examples import EXAMPLES
from tests.unit.triggers.odd_payloads import ANY_MACHINE, DELIVERIES

ALL = tuple(EXAMPLES)


def _ask(event: str, payload: Any = None, **definition: Any) -> dict[str, FilterVerdict]:
    webhook = CreateWebhook(name="w", **{"events": ALL, **definition})
    facts = payloads.facts(event, EXAMPLES[event] if payload is None else payload)
    return {verdict.filter: verdict for verdict in filters.ask(webhook, facts)}


def _with(event: str, **parts: Any) -> dict[str, Any]:
    return {**copy.deepcopy(dict(EXAMPLES[event])), **parts}


def _labelled(*names: str) -> dict[str, Any]:
    return {
        "action": "x",
        "pull_request": {"labels": [{"name": name} for name in names], "base": {"ref": "main"}},
    }


def _pushed(*paths: str, ref: str = "refs/heads/main") -> dict[str, Any]:
    return {"ref": ref, "commits": [{"modified": list(paths)}]}


@pytest.mark.parametrize(
    ("name", "field", "event", "payload", "wanted", "passes"),
    [
        ("event", "events", "push", None, ("push",), True),
        ("event", "events", "push", None, ("pull_request",), False),
        ("action", "actions", "pull_request", None, ("opened", "closed"), True),
        ("action", "actions", "pull_request", None, ("closed",), False),
        ("action", "actions", "push", None, ("closed",), True),
        ("repository", "repositories", "push", None, ("example/shop",), True),
        ("repository", "repositories", "push", None, ("Example/Shop",), True),
        ("repository", "repositories", "push", None, ("example/*",), True),
        ("repository", "repositories", "push", None, ("shop",), True),
        ("repository", "repositories", "push", None, ("sh*",), True),
        ("repository", "repositories", "push", None, ("*",), True),
        ("repository", "repositories", "push", None, ("**",), True),
        ("repository", "repositories", "push", None, ("!shop",), False),
        ("repository", "repositories", "push", None, ("!*",), False),
        ("repository", "repositories", "push", None, ("example/*", "!example/shop"), False),
        ("repository", "repositories", "push", None, ("other/*",), False),
        ("repository", "repositories", "push", {}, ("*",), False),
        ("branch", "branches", "push", None, ("main",), True),
        ("branch", "branches", "push", None, ("Main",), False),
        ("branch", "branches", "push", _pushed(ref="refs/heads/feature/a"), ("feature/*",), True),
        ("branch", "branches", "push", _pushed(ref="refs/heads/feature/a"), ("*",), False),
        ("branch", "branches", "push", _pushed(ref="refs/heads/feature/a"), ("!feature/**",), False),
        ("branch", "branches", "push", _pushed(ref="refs/heads/x"), ("!feature/**",), True),
        ("branch", "branches", "push", _pushed(ref="refs/tags/v1"), ("**",), False),
        ("branch", "branches", "push", _pushed(ref="refs/tags/v1"), ("!main",), False),
        ("branch", "branches", "pull_request", None, ("main",), True),
        ("branch", "branches", "pull_request", None, ("fix/rounding",), False),
        ("branch", "branches", "workflow_run", None, ("fix/*",), True),
        ("branch", "branches", "issues", None, ("main",), True),
        ("branch", "branches", "issue_comment", None, ("!main",), True),
        ("branch", "branches", "ping", None, ("main",), True),
        ("label", "pull_request_labels", "pull_request", None, ("agent",), True),
        ("label", "pull_request_labels", "pull_request", None, ("AGENT",), True),
        ("label", "pull_request_labels", "pull_request", None, ("other",), False),
        ("label", "pull_request_labels", "issues", None, ("other",), False),
        ("label", "pull_request_labels", "issue_comment", None, ("bug",), True),
        ("label", "pull_request_labels", "push", None, ("other",), True),
        ("label", "pull_request_labels", "pull_request", _labelled(), ("x",), False),
        ("label", "pull_request_labels", "pull_request", _labelled(), ("!x",), True),
        ("label", "pull_request_labels", "pull_request", _labelled("a", "x"), ("!x",), False),
        ("label", "pull_request_labels", "pull_request", _labelled("a", "x"), ("a", "!x"), False),
        ("label", "pull_request_labels", "pull_request", _labelled("a", "y"), ("a", "!x"), True),
        ("label", "pull_request_labels", "pull_request", _labelled("area/api"), ("area/*",), True),
        ("path", "paths", "push", None, ("shop/*.py",), True),
        ("path", "paths", "push", None, ("docs/**",), False),
        ("path", "paths", "push", _pushed("docs/a.md", "src/b.py"), ("!docs/**",), True),
        ("path", "paths", "push", _pushed("docs/a.md"), ("!docs/**",), False),
        ("path", "paths", "push", _pushed("docs/a.md"), ("**", "!docs/**"), False),
        ("path", "paths", "push", _pushed(), ("**",), False),
        ("path", "paths", "push", _pushed(*(f"f{n}" for n in range(4_000))), ("docs/**",), True),
        ("path", "paths", "pull_request", None, ("docs/**",), True),
        ("sender", "senders", "push", None, ("alice",), True),
        ("sender", "senders", "push", None, ("ALICE",), True),
        ("sender", "senders", "push", None, ("bob", "al*"), True),
        ("sender", "senders", "push", None, ("bob",), False),
        ("sender", "senders", "push", None, ("!alice",), False),
        ("sender", "senders", "push", {}, ("*",), False),
        ("sender", "senders", "push", {"sender": {"login": "renovate[bot]"}}, ("renovate[bot]",), True),
        ("bot", "ignore_bots", "push", {"sender": {"login": "x", "type": "Bot"}}, True, False),
        ("bot", "ignore_bots", "push", {"sender": {"login": "x", "type": "Bot"}}, False, True),
        ("bot", "ignore_bots", "push", None, True, True),
    ],
)  # fmt: skip
def test_a_filter_lets_through_what_it_says(
    name: str, field: str, event: str, payload: Any, wanted: object, passes: bool
) -> None:
    verdict = _ask(event, payload, **{field: wanted})[name]
    assert verdict.passed is passes, verdict
    for language in ("ja", "en"):
        assert verdict.message[language]
        assert "{" not in verdict.message[language]
    if not passes:
        assert verdict.message["ja"] != verdict.message["en"]
        if isinstance(wanted, tuple):
            assert wanted[0] in verdict.message["en"]


def test_an_empty_filter_lets_everything_through() -> None:
    for event in EXAMPLES:
        assert all(verdict.passed for verdict in _ask(event).values())


def test_every_filter_is_asked_also_after_one_said_no() -> None:
    asked = _ask(
        "push",
        {"sender": {"login": "x", "type": "Bot"}, "ref": "refs/heads/y", "repository": {"full_name": "a/b"}},
        events=("pull_request",), repositories=("c/d",), branches=("main",), paths=("z",), senders=("alice",),
    )  # fmt: skip
    refused = [name for name, verdict in asked.items() if not verdict.passed]
    assert refused == ["event", "repository", "branch", "path", "sender", "bot"]
    assert [*asked] == ["event", "action", "repository", "branch", "label", "path", "sender", "bot"]


def test_a_verdict_says_what_was_wanted_and_what_was_found() -> None:
    verdict = _ask("pull_request", branches=("release/*", "v1"))["branch"]
    assert (verdict.wanted, verdict.found) == (("release/*", "v1"), ("main",))
    assert verdict.message["en"].startswith("The branch main is not one that it reacts to (release/*, v1)")
    nothing = _ask("push", {}, senders=("alice",))["sender"]
    assert "(none)" in nothing.message["en"]
    assert "(なし)" in nothing.message["ja"]


def test_a_verdict_is_small_however_much_was_pushed_or_asked_for() -> None:
    payload = _pushed(*("x" * 150 + str(number) for number in range(1_000)))
    verdict = _ask("push", payload, paths=tuple("y" * 240 + str(number) for number in range(100)))["path"]
    assert not verdict.passed
    assert len(verdict.model_dump_json()) < 30_000
    assert verdict.found[-1] == verdict.wanted[-1] == "…"


def test_every_reason_has_a_sentence() -> None:
    for reason in get_args(IgnoredReason):
        assert f"ignored_{reason}" in CATALOGUE


PATTERNS = st.lists(st.sampled_from(["main", "*", "**", "!x", "!**", "a/*", "?"]), max_size=3).map(tuple)


@ANY_MACHINE
@given(DELIVERIES, PATTERNS, PATTERNS, PATTERNS)
def test_any_delivery_has_a_verdict_of_each_filter(
    delivery: tuple[str, dict[str, Any]], one: tuple[str, ...], two: tuple[str, ...], three: tuple[str, ...]
) -> None:
    event, payload = delivery
    webhook = CreateWebhook(
        name="w",
        events=ALL,
        repositories=one,
        branches=two,
        pull_request_labels=three,
        paths=one,
        senders=two,
    )
    asked = filters.ask(webhook, payloads.facts(event, payload))
    assert len(asked) == 8
    for verdict in asked:
        verdict.model_dump_json().encode()
