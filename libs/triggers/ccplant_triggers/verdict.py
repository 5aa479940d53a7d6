"""What becomes of a delivery: ignored and why, failed and why, or what the agent is told, and in which session.

Pure and total: any JSON object has a verdict, within bounded time and memory. Without state: how often
something may happen within an hour, and what a session is doing, are asked by those who keep it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from ccplant_contracts.messages import explain
from ccplant_contracts.sentences import Text
from ccplant_contracts.trigger_messages import FILTERS, template_problem
from ccplant_contracts.webhook import CreateWebhook, FilterVerdict
from ccplant_triggers import default_messages, filters, payloads, templates
from ccplant_triggers.examples import EXAMPLES
from ccplant_triggers.payloads import PayloadFacts
from ccplant_triggers.template_errors import TemplateError

MAX_KEY = 500
"""Characters of a reuse key."""
_EXAMPLE_NONCE = "0" * 16

Outcome = Literal["dispatch", "ignored", "failed"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a delivery, and why."""

    outcome: Outcome
    facts_of: PayloadFacts
    reason: str | None = None
    """Of `ignored`: the filter; of `failed`: a code."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What fills the reason's sentence."""
    filters: tuple[FilterVerdict, ...] = ()
    message: str | None = None
    """What the agent is told."""
    reuse_key: str | None = None


def judge(definition: CreateWebhook, event: str, payload: Mapping[str, Any], *, nonce: str) -> Verdict:
    """Return what becomes of a delivery; `nonce` is random and of this delivery (see `untrusted.Marks`).

    Never raises, whatever the payload holds.
    """
    found = payloads.facts(event, payload)
    if event == "ping":
        return Verdict("ignored", found, reason="ping")
    asked = filters.ask(definition, found)
    scope = templates.scope_of(event, payload, found)
    problem: TemplateError | None = None
    if definition.condition is not None:
        try:
            holds = templates.evaluate(definition.condition, scope)
            asked = (*asked, filters.condition_verdict(definition.condition, holds=holds))
        except TemplateError as error:
            problem = error.of_field("condition")
    refused = next((verdict for verdict in asked if not verdict.passed), None)
    if refused is not None:
        facts = {"wanted": filters.shown(refused.wanted), "found": filters.shown(refused.found)}
        return Verdict("ignored", found, reason=refused.filter, facts=facts, filters=asked)
    if problem is None:
        try:
            return _dispatch(definition, event, scope, found, asked, nonce)
        except TemplateError as error:
            problem = error
    return Verdict("failed", found, reason="template_failed", facts=_facts_of(problem), filters=asked)


def sentence(outcome: str, reason: str | None, facts: Mapping[str, str]) -> Text | None:
    """Return why, in both languages, from what a record keeps; None where there is nothing to say."""
    if reason is None:
        return None
    if reason == "template_failed":
        line = facts.get("line", "")
        problem = template_problem(
            facts.get("problem", ""),
            field=facts.get("field"),
            line=int(line) if line.isascii() and line.isdigit() else None,
            facts={name: value for name, value in facts.items() if name not in ("problem", "field", "line")},
        )
        return explain(reason, problem=problem).message
    code = f"{outcome}_{reason}" if outcome in ("ignored", "waiting") else reason
    try:
        return explain(code, **{name: value or FILTERS["nothing"] for name, value in facts.items()}).message
    except KeyError:
        # of a newer peer
        return Text(ja=reason, en=reason)


def check_definition(definition: CreateWebhook) -> None:
    """Refuse templates that cannot be read, hold what is not allowed, or fail on the examples of the definition's events.

    Raises:
        TemplateError: with the field and the line, and what to write instead.
    """
    _check(definition.condition, "condition")
    _check(definition.message, "message")
    _check(definition.reuse_key, "reuse_key")
    examples = [(event, EXAMPLES[event]) for event in definition.events if event in EXAMPLES]
    keys: list[str] = []
    for event, payload in examples:
        scope = templates.scope_of(event, payload, payloads.facts(event, payload))
        with _of_field("condition"):
            if definition.condition is not None:
                templates.evaluate(definition.condition, scope)
        with _of_field("message"):
            if definition.message is not None:
                templates.render(definition.message, scope, nonce=_EXAMPLE_NONCE)
        with _of_field("reuse_key"):
            if definition.reuse_key is not None:
                keys.append(templates.render(definition.reuse_key, scope))
    if keys and not any(keys):
        raise TemplateError("empty_on_examples", field="reuse_key")


def _dispatch(
    definition: CreateWebhook,
    event: str,
    scope: templates.Scope,
    found: PayloadFacts,
    asked: tuple[FilterVerdict, ...],
    nonce: str,
) -> Verdict:
    with _of_field("message"):
        source = definition.message or default_messages.message_for(event)
        message = templates.render(source, scope, nonce=nonce)
    key: str | None = None
    if definition.reuse_key is not None:
        with _of_field("reuse_key"):
            key = templates.render(definition.reuse_key, scope)
    failure: str | None = None
    if not message:
        failure = "message_empty"
    elif key == "":
        # one session for everything that has no key is what nobody wants
        failure = "reuse_key_empty"
    elif key is not None and len(key) > MAX_KEY:
        failure = "reuse_key_too_long"
    if failure is not None:
        return Verdict("failed", found, reason=failure, facts={"limit": str(MAX_KEY)}, filters=asked)
    return Verdict("dispatch", found, filters=asked, message=message, reuse_key=key)


def _facts_of(problem: TemplateError) -> dict[str, str]:
    facts = {**problem.facts, "problem": problem.problem, "field": problem.field or ""}
    return facts if problem.line is None else {**facts, "line": str(problem.line)}


def _check(source: str | None, kind: templates.Kind) -> None:
    if source is not None:
        with _of_field(kind):
            templates.check(source, kind=kind)


@contextmanager
def _of_field(name: templates.Kind) -> Iterator[None]:
    try:
        yield
    except TemplateError as error:
        raise error.of_field(name) from None
