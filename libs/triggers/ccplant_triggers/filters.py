"""The filters of a webhook: each is asked about each delivery, also after one said no, so that one look says
everything.

A filter that is empty lets everything pass; so does one on what the kind of event does not have (a branch of an
issue): `events` says which kinds are meant. Names of repositories, labels and people are compared as GitHub
does, without regard to case; branches and paths are exact. A pattern with ``!`` excludes: a label's vetoes the
delivery, any other only takes its own value out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ccplant_contracts.messages import explain
from ccplant_contracts.sentences import Text
from ccplant_contracts.trigger_messages import FILTERS, filter_says
from ccplant_contracts.webhook import CreateWebhook, FilterVerdict, IgnoredReason
from ccplant_triggers.globs import Globs
from ccplant_triggers.payloads import PayloadFacts

MAX_SHOWN = 20
"""Values that a verdict keeps of what is wanted, and of what was found."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """What a definition asks for, taken apart."""

    wanted: Globs
    excluded: Globs
    only_excludes: bool

    @classmethod
    def of(cls, patterns: Sequence[str]) -> Patterns:
        """Take the patterns of a definition apart."""
        positive = [pattern for pattern in patterns if not pattern.startswith("!")]
        negative = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
        return cls(Globs(positive), Globs(negative), only_excludes=not positive)

    def takes(self, value: str) -> bool:
        """Return whether a value is wanted and not excluded."""
        return (self.only_excludes or self.wanted.match(value)) and not self.excluded.match(value)


def ask(definition: CreateWebhook, facts: PayloadFacts) -> tuple[FilterVerdict, ...]:
    """Return what each filter says, in the order in which the first that says no is the reason."""
    return (
        _listed("event", definition.events, facts.event),
        _listed("action", definition.actions, facts.action),
        _repository(definition.repositories, facts),
        _branch(definition.branches, facts),
        _labels(definition.pull_request_labels, facts),
        _paths(definition.paths, facts),
        _sender(definition.senders, facts),
        _bot(facts, ignored=definition.ignore_bots),
    )


def condition_verdict(source: str, *, holds: bool) -> FilterVerdict:
    """Return the verdict of a condition that could be asked."""
    text = filter_says("true") if holds else explain("ignored_condition").message
    return _verdict("condition", (source[:500],), ("true" if holds else "false",), passed=holds, says=text)


def _listed(name: IgnoredReason, wanted: Sequence[str], found: str | None) -> FilterVerdict:
    if not wanted:
        return _open(name, (found,) if found else ())
    if found is None:
        return _verdict(name, wanted, (), passed=True, says=filter_says(f"no_{name}"))
    return _judged(name, wanted, (found,), passed=found in wanted)


def _repository(wanted: Sequence[str], facts: PayloadFacts) -> FilterVerdict:
    found = (facts.repository,) if facts.repository else ()
    if not wanted:
        return _open("repository", found)
    patterns = Patterns.of([_of_owners(pattern.casefold()) for pattern in wanted])
    passed = facts.repository is not None and patterns.takes(facts.repository.casefold())
    return _judged("repository", wanted, found, passed=passed)


def _of_owners(pattern: str) -> str:
    """A pattern without a slash is a name, whoever owns it; ``*`` alone is everything."""
    mark, name = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    if "/" in name:
        return pattern
    return f"{mark}**" if not name.strip("*") else f"{mark}*/{name}"


def _branch(wanted: Sequence[str], facts: PayloadFacts) -> FilterVerdict:
    if not wanted:
        return _open("branch", facts.branches)
    if "branch" not in facts.has:
        return _verdict("branch", wanted, (), passed=True, says=filter_says("no_branch"))
    patterns = Patterns.of(wanted)
    # what has none is the push of a tag, which is not a branch however the patterns are
    return _judged("branch", wanted, facts.branches, passed=any(map(patterns.takes, facts.branches)))


def _labels(wanted: Sequence[str], facts: PayloadFacts) -> FilterVerdict:
    if not wanted:
        return _open("label", facts.labels)
    if "label" not in facts.has:
        return _verdict("label", wanted, (), passed=True, says=filter_says("no_label"))
    patterns = Patterns.of([pattern.casefold() for pattern in wanted])
    labels = [label.casefold() for label in facts.labels]
    vetoed = any(map(patterns.excluded.match, labels))
    passed = not vetoed and (patterns.only_excludes or any(map(patterns.wanted.match, labels)))
    return _judged("label", wanted, facts.labels, passed=passed)


def _paths(wanted: Sequence[str], facts: PayloadFacts) -> FilterVerdict:
    if not wanted:
        return _open("path", facts.paths)
    if "path" not in facts.has:
        return _verdict("path", wanted, (), passed=True, says=filter_says("no_path"))
    patterns = Patterns.of(wanted)
    matching = next((path for path in facts.paths if patterns.takes(path)), None)
    if matching is not None:
        return _judged("path", wanted, (matching,), passed=True)
    if facts.paths_cut:
        return _verdict("path", wanted, facts.paths, passed=True, says=filter_says("too_many_paths"))
    return _judged("path", wanted, facts.paths, passed=False)


def _sender(wanted: Sequence[str], facts: PayloadFacts) -> FilterVerdict:
    found = (facts.sender,) if facts.sender else ()
    if not wanted:
        return _open("sender", found)
    patterns = Patterns.of([pattern.casefold() for pattern in wanted])
    passed = facts.sender is not None and patterns.takes(facts.sender.casefold())
    return _judged("sender", wanted, found, passed=passed)


def _bot(facts: PayloadFacts, *, ignored: bool) -> FilterVerdict:
    found = (facts.sender,) if facts.sender else ()
    if not ignored:
        return _verdict("bot", (), found, passed=True, says=filter_says("bots_welcome"))
    if facts.sender_is_bot:
        return _judged("bot", (), found, passed=False)
    return _verdict("bot", (), found, passed=True, says=filter_says("no_bot", found=facts.sender or "?"))


def _open(name: IgnoredReason, found: Sequence[str]) -> FilterVerdict:
    return _verdict(name, (), found, passed=True, says=filter_says("open"))


def _judged(
    name: IgnoredReason, wanted: Sequence[str], found: Sequence[str], *, passed: bool
) -> FilterVerdict:
    asked = shown(wanted)
    there = shown(found) or FILTERS["nothing"]
    if not passed:
        text = explain(f"ignored_{name}", wanted=asked, found=there).message
    elif found:
        text = filter_says("passed", wanted=asked, found=shown(found))
    else:
        text = filter_says("not_excluded", wanted=asked)
    return _verdict(name, wanted, found, passed=passed, says=text)


def shown(values: Sequence[str]) -> str:
    """Return values as a sentence has them, cut."""
    return ", ".join(_cut(values))


def _cut(values: Sequence[str]) -> tuple[str, ...]:
    # a definition may have a hundred patterns, a push thousands of files, and each delivery keeps its verdicts
    kept = tuple(value[:200] for value in values[:MAX_SHOWN])
    return (*kept, "…") if len(values) > MAX_SHOWN else kept


def _verdict(
    name: IgnoredReason, wanted: Sequence[str], found: Sequence[str], *, passed: bool, says: Text
) -> FilterVerdict:
    return FilterVerdict(
        filter=name,
        passed=passed,
        wanted=_cut(wanted),
        found=_cut(found),
        message={"ja": says.ja, "en": says.en},
    )
