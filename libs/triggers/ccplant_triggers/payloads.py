"""What a GitHub delivery is about: repository, branch, number, labels, sender and changed files, per kind of
event.

Each event keeps these in other places, and the wrong place is a filter that silently lets nothing or everything
pass. So the places are one table, `SHAPES`. For a pull request the branch is its *base*: where it will go,
which is what people filter by. A tag is not a branch: a push of one has no branch. Any JSON object gives facts;
nothing raises.

| event | branch | number | labels | shown as |
| --- | --- | --- | --- | --- |
| `push` | `ref` without `refs/heads/`; a tag: none | | | the branch or tag |
| `create`, `delete` | `ref` where `ref_type` is `branch` | | | `ref` |
| `pull_request`, its reviews and comments | `pull_request.base.ref` | `pull_request.number` | of it | `#12` |
| `issues`, `issue_comment` | | `issue.number` | of it | `#12` |
| `discussion`, `discussion_comment` | | `discussion.number` | of it | `#12` |
| `release` | `release.target_commitish` | | | the tag |
| `workflow_run`, `check_suite` | `head_branch` of it | its first pull request's | | the branch |
| `check_run` | `check_run.check_suite.head_branch` | its first pull request's | | the branch |
| `workflow_job` | `workflow_job.head_branch` | | | the branch |
| `workflow_dispatch` | `ref` | | | the branch |
| `merge_group` | `merge_group.base_ref` | | | the branch |
| `deployment`, `deployment_status` | `deployment.ref` | | | `deployment.ref` |
| `status` | `branches[].name` | | | the first |
| any other | | of its pull request, issue or discussion | | `#12` |
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from ccplant_contracts.session import Repository
from ccplant_triggers.values import at, clean, list_at, number_at, text_at

MAX_PATHS = 3_000
MAX_PATH_CHARACTERS = 200_000
MAX_LABELS = 100
MAX_COMMITS = 3_000
_LONGEST_URL = 2_000

Part = Literal["branch", "label", "path"]
"""What only some kinds of events have: filters on it let the others pass."""

_REPOSITORY: TypeAdapter[str] = TypeAdapter(Repository)
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HEADS = "refs/heads/"
_TAGS = "refs/tags/"


@dataclass(frozen=True, slots=True)
class PayloadFacts:
    """What a delivery is about. Texts are cut and storable."""

    event: str
    action: str | None = None
    repository: str | None = None
    """``owner/name``."""
    clone_url: str | None = None
    """An https address without credentials, else None."""
    ref: str | None = None
    """For people: ``main``, ``v1.0``, ``#12``."""
    branches: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    sender: str | None = None
    sender_is_bot: bool = False
    paths: tuple[str, ...] = ()
    """Of the files that a push added, changed or removed, in the order of its commits, each once."""
    paths_cut: bool = False
    """Whether there were more of them than are kept."""
    number: int | None = None
    """Of the pull request, issue or discussion."""
    has: frozenset[Part] = frozenset()
    """What events of this kind have."""

    def scope(self) -> dict[str, Any]:
        """Return them as templates see them, under the name `facts`."""
        return {
            "action": self.action,
            "repository": self.repository,
            "clone_url": self.clone_url,
            "ref": self.ref,
            "branch": self.branches[0] if self.branches else None,
            "branches": list(self.branches),
            "labels": list(self.labels),
            "sender": self.sender,
            "sender_is_bot": self.sender_is_bot,
            "paths": list(self.paths),
            "number": self.number,
        }


@dataclass(frozen=True, slots=True)
class Shape:
    """Where an event keeps what; paths are dotted."""

    branch: str | None = None
    subject: str | None = None
    """What has `number` and `labels`: an issue, say."""
    number: str | None = None
    """Instead of the subject's."""
    shown: str | None = None
    """Instead of the number or branch."""


_PULL_REQUEST = Shape(branch="pull_request.base.ref", subject="pull_request")
_ISSUE = Shape(subject="issue")
_DISCUSSION = Shape(subject="discussion")
_DEPLOYMENT = Shape(branch="deployment.ref")

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "push": Shape(branch="ref"),
        "create": Shape(branch="ref"),
        "delete": Shape(branch="ref"),
        "pull_request": _PULL_REQUEST,
        "pull_request_review": _PULL_REQUEST,
        "pull_request_review_comment": _PULL_REQUEST,
        "pull_request_review_thread": _PULL_REQUEST,
        "issues": _ISSUE,
        "issue_comment": _ISSUE,
        "discussion": _DISCUSSION,
        "discussion_comment": _DISCUSSION,
        "release": Shape(branch="release.target_commitish", shown="release.tag_name"),
        "workflow_run": Shape(branch="workflow_run.head_branch", number="workflow_run.pull_requests"),
        "check_suite": Shape(branch="check_suite.head_branch", number="check_suite.pull_requests"),
        "check_run": Shape(branch="check_run.check_suite.head_branch", number="check_run.pull_requests"),
        "workflow_job": Shape(branch="workflow_job.head_branch"),
        "workflow_dispatch": Shape(branch="ref"),
        "merge_group": Shape(branch="merge_group.base_ref"),
        "deployment": _DEPLOYMENT,
        "deployment_status": _DEPLOYMENT,
        "status": Shape(branch="branches"),
    }
)
_UNKNOWN = Shape()


def facts(event: str, payload: Mapping[str, Any]) -> PayloadFacts:
    """Return what a delivery is about; pure, and total on JSON objects."""
    shape = SHAPES.get(event, _UNKNOWN)
    subject = shape.subject or next(
        (
            name
            for name in ("pull_request", "issue", "discussion")
            if at(payload, f"{name}.number") is not None
        ),
        None,
    )
    branches = _branches(event, payload, shape)
    number = _number(payload, shape, subject)
    sender = text_at(payload, "sender.login")
    paths, cut = _paths(payload) if event == "push" else ((), False)
    parts: tuple[tuple[Part, bool], ...] = (
        ("branch", shape.branch is not None),
        ("label", shape.subject is not None),
        ("path", event == "push"),
    )
    return PayloadFacts(
        event=clean(event[:64]),
        action=text_at(payload, "action"),
        repository=text_at(payload, "repository.full_name"),
        clone_url=_clone_url(payload),
        ref=_shown(payload, shape, branches, number),
        branches=branches,
        labels=_labels(payload, subject),
        sender=sender,
        sender_is_bot=at(payload, "sender.type") == "Bot" or (sender or "").endswith("[bot]"),
        paths=paths,
        paths_cut=cut,
        number=number,
        has=frozenset(part for part, there in parts if there),
    )


def _branches(event: str, payload: Mapping[str, Any], shape: Shape) -> tuple[str, ...]:
    if shape.branch is None:
        return ()
    if event == "status":
        names = (text_at(item, "name") for item in list_at(payload, "branches", MAX_LABELS))
        return tuple(name for name in names if name is not None)
    ref = text_at(payload, shape.branch)
    if ref is None or ref.startswith(_TAGS) or _SHA.fullmatch(ref):
        return ()
    if event in ("create", "delete") and at(payload, "ref_type") != "branch":
        return ()
    return (ref.removeprefix(_HEADS),)


def _number(payload: Mapping[str, Any], shape: Shape, subject: str | None) -> int | None:
    if shape.number is not None:
        numbers = (number_at(item, "number") for item in list_at(payload, shape.number, 1))
        return next(numbers, None)
    return None if subject is None else number_at(payload, f"{subject}.number")


def _shown(
    payload: Mapping[str, Any], shape: Shape, branches: tuple[str, ...], number: int | None
) -> str | None:
    if shape.shown is not None:
        return text_at(payload, shape.shown)
    if number is not None and shape.number is None:
        return f"#{number}"
    if branches:
        return branches[0]
    if shape.branch is None or shape.branch == "branches":
        return None
    ref = text_at(payload, shape.branch)
    return None if ref is None else ref.removeprefix(_TAGS)


def _labels(payload: Mapping[str, Any], subject: str | None) -> tuple[str, ...]:
    if subject is None:
        return ()
    names = (text_at(item, "name") for item in list_at(payload, f"{subject}.labels", MAX_LABELS))
    return tuple(name for name in names if name is not None)


def _paths(payload: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    kept: dict[str, None] = {}
    characters = 0
    for path in _changed(payload):
        if path in kept:
            continue
        characters += len(path)
        if len(kept) == MAX_PATHS or characters > MAX_PATH_CHARACTERS:
            return tuple(kept), True
        kept[path] = None
    commits = at(payload, "commits")
    return tuple(kept), isinstance(commits, list) and len(commits) > MAX_COMMITS


def _changed(payload: Mapping[str, Any]) -> Iterator[str]:
    for commit in (*list_at(payload, "commits", MAX_COMMITS), at(payload, "head_commit")):
        for kind in ("added", "modified", "removed"):
            for path in list_at(commit, kind, MAX_PATHS + 1):
                if isinstance(path, str) and path:
                    yield clean(path)


def _clone_url(payload: Mapping[str, Any]) -> str | None:
    """Return where to clone from, or None: what would be taken for an option or another scheme is no address."""
    url = at(payload, "repository.clone_url")
    if not isinstance(url, str) or len(url) > _LONGEST_URL or not url.startswith("https://"):
        return None
    try:
        return _REPOSITORY.validate_python(url)
    except ValidationError:
        return None
