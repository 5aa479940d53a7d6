"""Every delivery has one outcome with its reason; what cannot work is refused when a webhook is saved."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import ccplant_triggers
from ccplant_contracts.messages import CATALOGUE
from ccplant_contracts.trigger_messages import PROBLEMS
from ccplant_contracts.webhook import CreateWebhook, IgnoredReason
from ccplant_triggers.examples import EXAMPLES
from ccplant_triggers.output import MAX_BYTES
from ccplant_triggers.template_errors import TemplateError
from ccplant_triggers.verdict import MAX_KEY, Verdict, check_definition, judge, sentence
from tests.unit.triggers.odd_payloads import ANY_MACHINE, DELIVERIES

NONCE = "0123456789abcdef"


def _webhook(**definition: Any) -> CreateWebhook:
    if "reuse_key" in definition:
        definition["reuse_session"] = True
    return CreateWebhook(name="w", **{"events": tuple(EXAMPLES), **definition})


def _judge(event: str, payload: Any = None, **definition: Any) -> Verdict:
    return judge(_webhook(**definition), event, EXAMPLES[event] if payload is None else payload, nonce=NONCE)


def test_a_delivery_that_passes_has_the_message_and_the_key() -> None:
    verdict = _judge(
        "pull_request",
        message="Review #{{ number }}: {{ pull_request.title }}",
        reuse_key=" {{ facts.repository }}#{{ facts.number }} ",
        condition="not pull_request.draft",
    )
    assert verdict.outcome == "dispatch"
    assert verdict.reason is None
    assert verdict.message is not None
    assert verdict.message.endswith(
        f"Review #12: <untrusted-{NONCE}>Round prices to whole cents</untrusted-{NONCE}>"
    )
    assert verdict.reuse_key == "example/shop#12"
    assert [asked.filter for asked in verdict.filters][-1] == "condition"
    assert verdict.facts_of.number == 12


@pytest.mark.parametrize("event", [event for event in EXAMPLES if event != "ping"])
def test_without_a_message_the_agent_is_told_what_happened(event: str) -> None:
    verdict = _judge(event)
    assert verdict.outcome == "dispatch"
    assert verdict.message is not None
    assert "example/shop" in verdict.message
    assert "\n\n\n" not in verdict.message
    assert not re.search(r"[:,]\s*$|\(\)|: \n", verdict.message)


def test_an_event_without_a_message_of_its_own_is_told_as_it_came() -> None:
    verdict = judge(
        _webhook(events=("star",)),
        "star",
        {"action": "created", "sender": {"login": "eve"}, "starred_at": "now"},
        nonce=NONCE,
    )
    assert verdict.message is not None
    assert "star (created) by eve.\n\n<untrusted" in verdict.message
    assert '"starred_at": "now"' in verdict.message


@pytest.mark.parametrize(
    ("event", "payload", "definition", "reason"),
    [
        ("ping", None, {}, "ping"),
        ("ping", None, {"events": ("push",)}, "ping"),
        ("push", None, {"events": ("issues",), "branches": ("x",), "condition": "false"}, "event"),
        ("issues", None, {"actions": ("closed",), "pull_request_labels": ("x",)}, "action"),
        ("push", None, {"repositories": ("x/y",), "branches": ("x",)}, "repository"),
        ("push", None, {"branches": ("x",), "paths": ("x",)}, "branch"),
        ("issues", None, {"pull_request_labels": ("x",), "senders": ("x",)}, "label"),
        ("push", None, {"paths": ("x",), "senders": ("x",)}, "path"),
        ("push", None, {"senders": ("x",), "condition": "false"}, "sender"),
        ("push", {"sender": {"login": "b", "type": "Bot"}}, {"condition": "false"}, "bot"),
        ("push", None, {"condition": "false"}, "condition"),
        ("push", None, {"condition": "missing.thing"}, "condition"),
    ],
)
def test_the_first_filter_that_says_no_is_the_reason(
    event: str, payload: Any, definition: dict[str, Any], reason: str
) -> None:
    verdict = _judge(event, payload, **definition)
    assert (verdict.outcome, verdict.reason) == ("ignored", reason)
    assert verdict.message is None
    said = sentence("ignored", verdict.reason, verdict.facts)
    assert said is not None
    assert "?" not in said.en + said.ja
    if reason != "ping":
        assert len(verdict.filters) == 8 + ("condition" in definition)


@pytest.mark.parametrize(
    ("definition", "reason", "words"),
    [
        ({"message": "a\n{% for x in ref %}{% endfor %}"}, "template_failed",
         "message, line 2: for goes through a list, and ref is none"),
        ({"condition": "repository == sender"}, "template_failed",
         "condition, line 1: a list or an object cannot be compared"),
        ({"reuse_key": "{% for x in ref %}{% endfor %}"}, "template_failed", "reuse_key, line 1: for goes through a list"),
        ({"message": "{{ x() }}"}, "template_failed", "message, line 1: the call x() is not allowed"),
        ({"message": "{{ missing }}"}, "message_empty", "The message came out empty."),
        ({"message": "{% if missing %}x{% endif %}\n "}, "message_empty", "The message came out empty."),
        ({"reuse_key": "{{ pull_request.number }}"}, "reuse_key_empty", "The reuse key came out empty."),
        ({"reuse_key": "{{ ref | replace('r', '" + "x" * 500 + "') }}"}, "reuse_key_too_long",
         f"longer than {MAX_KEY} characters"),
    ],
)  # fmt: skip
def test_what_fails_says_where_and_why(definition: dict[str, Any], reason: str, words: str) -> None:
    verdict = _judge("push", **definition)
    assert (verdict.outcome, verdict.reason) == ("failed", reason)
    assert verdict.message is None
    said = sentence("failed", verdict.reason, verdict.facts)
    assert said is not None
    assert words in said.en
    assert said.ja != said.en
    assert "?" not in said.en + said.ja


def test_a_filter_that_said_no_goes_before_a_condition_that_failed() -> None:
    verdict = _judge("push", condition="repository == sender", branches=("x",))
    assert (verdict.outcome, verdict.reason) == ("ignored", "branch")


def test_facts_of_a_verdict_are_text_so_that_they_can_be_kept() -> None:
    for definition in (
        {"message": "{% for x in ref %}{% endfor %}"},
        {"branches": ("x",)},
        {"message": "{{ x }}"},
    ):
        assert all(isinstance(value, str) for value in _judge("push", **definition).facts.values())


def test_a_reason_of_a_newer_peer_says_itself() -> None:
    assert sentence("dispatch", None, {}) is None
    for outcome in ("ignored", "failed", "waiting"):
        said = sentence(outcome, "something_new", {"line": "x"})
        assert said is not None
        assert said.en == "something_new"
    said = sentence(
        "failed", "template_failed", {"problem": "something_new", "field": "message", "line": "²"}
    )
    assert said is not None
    assert "message: something_new" in said.en


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ({"message": "{{ x() }}"}, "message, line 1: the call x() is not allowed"),
        ({"condition": "a +"}, "condition, line 1: it ends too early"),
        ({"reuse_key": "{{ x._y }}"}, "reuse_key, line 1: _y begins with an underscore"),
        ({"message": "{% for x in pull_request %}{% endfor %}"},
         "message, line 1: for goes through a list, and pull_request is none"),
        ({"condition": "repository == 'example/shop'"}, "condition, line 1: a list or an object cannot be compared"),
        ({"reuse_key": "{{ pull_reqest.number }}"}, "reuse_key: it is empty on the example"),
        ({"reuse_key": "{{ pull_request.number }}", "events": ("issues", "push")}, "reuse_key: it is empty on the example"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_work_is_refused_with_its_field(
    definition: dict[str, Any], words: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        check_definition(_webhook(**definition))
    assert words in caught.value.message
    assert caught.value.field in definition


@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"events": ("star",), "reuse_key": "{{ starred_at }}"},
        {"reuse_key": "{{ pull_request.number }}"},
        {
            "message": "{% for c in commits %}{{ c.message }}{% endfor %}",
            "condition": "pull_request.draft == false",
        },
        {"events": ("ping",)},
    ],
)
def test_a_definition_that_can_work_is_taken(definition: dict[str, Any]) -> None:
    check_definition(_webhook(**definition))


def test_every_code_that_is_raised_has_its_sentence() -> None:
    source = "".join(path.read_text() for path in Path(ccplant_triggers.__file__).parent.glob("*.py"))
    raised = set(re.findall(r'TemplateError\(\s*"(\w+)"', source))
    assert raised
    assert raised | {"filter_not_allowed", "test_not_allowed"} == set(PROBLEMS)
    for code in (*re.findall(r'failure = "(\w+)"', source), "template_failed", "payload_invalid"):
        assert code in CATALOGUE
    for reason in get_args(IgnoredReason):
        assert f"ignored_{reason}" in CATALOGUE


DEFINITIONS = st.sampled_from(
    [
        _webhook(),
        _webhook(
            message="{% for c in commits %}{{ c.message | upper }}{% endfor %}{{ payload }}{{ pull_request.body }}",
            condition="sender.login != 'x' or repository in ['a'] or 'x' in issue.labels | map(attribute='name')",
            reuse_key="{{ facts.repository }}{{ number }}{{ payload | tojson }}",
            branches=("*",), senders=("!x",), ignore_bots=False,
        ),
        _webhook(condition="payload == 1", message="{% for x in payload %}{{ x }}{% endfor %}"),
        _webhook(message="{% for x in labels %}{% for y in x.labels %}{{ y | join('x') }}{% endfor %}{% endfor %}-"),
    ]
)  # fmt: skip


@example(("push", {"commits": "x"}))
@example(("push", {"commits": [3, {"message": [1]}]}))
@ANY_MACHINE
@given(DELIVERIES)
def test_a_message_that_is_ours_never_fails(delivery: tuple[str, dict[str, Any]]) -> None:
    event, payload = delivery
    verdict = judge(_webhook(events=(*EXAMPLES, "star"), ignore_bots=False), event, payload, nonce=NONCE)
    assert verdict.outcome != "failed", verdict


@ANY_MACHINE
@given(DEFINITIONS, DELIVERIES)
def test_any_object_has_a_verdict_that_can_be_stored_and_said(
    definition: CreateWebhook, delivery: tuple[str, dict[str, Any]]
) -> None:
    event, payload = delivery
    before = repr(copy.deepcopy(payload))
    verdict = judge(definition, event, payload, nonce=NONCE)
    assert verdict.outcome in ("dispatch", "ignored", "failed")
    assert (verdict.outcome == "dispatch") is (verdict.message is not None) is (verdict.reason is None)
    for text in (verdict.message or "", verdict.reuse_key or "", *verdict.facts.values()):
        assert len(text.encode()) <= MAX_BYTES
        assert "\x00" not in text
    said = sentence(verdict.outcome, verdict.reason, verdict.facts)
    assert (said is None) is (verdict.outcome == "dispatch")
    assert repr(payload) == before


class Looked(Mapping[str, Any]):
    """A payload that counts how often all of its names were gone through."""

    def __init__(self, payload: dict[str, Any]) -> None:
        self._payload = payload
        self.times = 0

    def __getitem__(self, name: str) -> Any:
        return self._payload[name]

    def __contains__(self, name: object) -> bool:
        return name in self._payload

    def __len__(self) -> int:
        return len(self._payload)

    def __iter__(self) -> Iterator[str]:
        self.times += 1
        return iter(self._payload)


def test_the_names_of_a_payload_are_not_copied_for_each_round_of_a_loop() -> None:
    """GitHub's have twenty; a hostile one has a million, and a thousand rounds."""
    payload = Looked({"l": list(range(50))})
    source = "{% for x in l %}{% for y in l %}{{ x }}{% endfor %}{% endfor %}"
    assert judge(_webhook(message=source), "push", payload, nonce=NONCE).outcome == "dispatch"
    assert payload.times == 0
