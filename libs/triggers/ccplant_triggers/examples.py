"""A small payload for each common event, as GitHub shapes it: what templates are tried on, and what people try
webhooks with.

Only the parts that people use are here. The people and repositories are made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_REPO = "https://github.com/example/shop"
_SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
_BEFORE = "9049f1265b7d61be4a8904a9a27120d2064dab3b"


def _user(login: str, number: int) -> dict[str, Any]:
    return {
        "login": login,
        "id": number,
        "type": "User",
        "site_admin": False,
        "html_url": f"https://github.com/{login}",
    }


_ALICE = _user("alice", 101)
_BOB = _user("bob", 102)

_REPOSITORY: dict[str, Any] = {
    "id": 1296269,
    "name": "shop",
    "full_name": "example/shop",
    "private": False,
    "owner": _user("example", 100),
    "html_url": _REPO,
    "clone_url": f"{_REPO}.git",
    "ssh_url": "git@github.com:example/shop.git",
    "default_branch": "main",
    "description": "A small shop",
    "language": "Python",
    "topics": ["shop"],
}
_LABELS: list[dict[str, Any]] = [
    {"id": 208045946, "name": "bug", "color": "d73a4a", "description": "Something is not working"},
    {"id": 208045947, "name": "agent", "color": "0e8a16", "description": None},
]
_PULL_REQUEST: dict[str, Any] = {
    "number": 12,
    "state": "open",
    "title": "Round prices to whole cents",
    "body": "Prices with three decimals made the totals differ.\n\nFixes #7.",
    "draft": False,
    "merged": False,
    "user": _ALICE,
    "labels": _LABELS,
    "requested_reviewers": [_BOB],
    "assignees": [_ALICE],
    "head": {"ref": "fix/rounding", "sha": _SHA, "repo": _REPOSITORY, "user": _ALICE},
    "base": {"ref": "main", "sha": _BEFORE, "repo": _REPOSITORY, "user": _REPOSITORY["owner"]},
    "html_url": f"{_REPO}/pull/12",
    "diff_url": f"{_REPO}/pull/12.diff",
    "additions": 24,
    "deletions": 3,
    "changed_files": 2,
    "commits": 1,
    "created_at": "2026-02-03T09:30:00Z",
    "updated_at": "2026-02-03T09:31:00Z",
    "author_association": "MEMBER",
}
_ISSUE: dict[str, Any] = {
    "number": 7,
    "state": "open",
    "title": "Totals differ by a cent",
    "body": "Put three items of 0.333 into the basket.\nExpected 1.00, got 0.99.",
    "user": _BOB,
    "labels": _LABELS,
    "assignees": [],
    "comments": 1,
    "html_url": f"{_REPO}/issues/7",
    "created_at": "2026-02-02T08:00:00Z",
    "author_association": "CONTRIBUTOR",
}
_COMMENT: dict[str, Any] = {
    "id": 55,
    "body": "@agent can you look into this?",
    "user": _BOB,
    "html_url": f"{_REPO}/issues/7#issuecomment-55",
    "created_at": "2026-02-03T10:00:00Z",
    "author_association": "MEMBER",
}
_COMMIT: dict[str, Any] = {
    "id": _SHA,
    "message": "Round prices to whole cents",
    "timestamp": "2026-02-03T09:29:00Z",
    "url": f"{_REPO}/commit/{_SHA}",
    "author": {"name": "Alice", "email": "alice@example.com", "username": "alice"},
    "added": ["tests/test_rounding.py"],
    "removed": [],
    "modified": ["shop/prices.py"],
}
_DISCUSSION: dict[str, Any] = {
    "number": 3,
    "title": "Which currencies next?",
    "body": "Yen would be nice.",
    "user": _BOB,
    "labels": [],
    "category": {"name": "Ideas"},
    "html_url": f"{_REPO}/discussions/3",
}
_PULL_REQUESTS = [{"number": 12, "head": {"ref": "fix/rounding"}, "base": {"ref": "main"}}]


def _event(sender: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {**parts, "repository": _REPOSITORY, "sender": sender}


def _run(name: str) -> dict[str, Any]:
    return {
        "id": 30433642,
        "name": name,
        "head_branch": "fix/rounding",
        "head_sha": _SHA,
        "event": "pull_request",
        "status": "completed",
        "conclusion": "failure",
        "html_url": f"{_REPO}/actions/runs/30433642",
        "pull_requests": _PULL_REQUESTS,
    }


EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "ping": _event(_ALICE, zen="Keep it logically awesome.", hook_id=30),
        "push": _event(
            _ALICE,
            ref="refs/heads/main",
            before=_BEFORE,
            after=_SHA,
            created=False,
            deleted=False,
            forced=False,
            compare=f"{_REPO}/compare/{_BEFORE[:12]}...{_SHA[:12]}",
            commits=[_COMMIT],
            head_commit=_COMMIT,
            pusher={"name": "alice", "email": "alice@example.com"},
        ),
        "create": _event(_ALICE, ref="fix/rounding", ref_type="branch", master_branch="main"),
        "delete": _event(_ALICE, ref="fix/rounding", ref_type="branch"),
        "pull_request": _event(_ALICE, action="opened", number=12, pull_request=_PULL_REQUEST),
        "pull_request_review": _event(
            _BOB,
            action="submitted",
            pull_request=_PULL_REQUEST,
            review={
                "id": 80,
                "state": "changes_requested",
                "body": "Please add a test for negative prices.",
                "user": _BOB,
                "html_url": f"{_REPO}/pull/12#pullrequestreview-80",
            },
        ),
        "pull_request_review_comment": _event(
            _BOB,
            action="created",
            pull_request=_PULL_REQUEST,
            comment={
                **_COMMENT,
                "body": "Why not Decimal?",
                "path": "shop/prices.py",
                "line": 14,
                "diff_hunk": "@@ -12,3 +12,4 @@ def total(prices):",
                "html_url": f"{_REPO}/pull/12#discussion_r55",
            },
        ),
        "issues": _event(_BOB, action="opened", issue=_ISSUE),
        "issue_comment": _event(_BOB, action="created", issue=_ISSUE, comment=_COMMENT),
        "discussion": _event(_BOB, action="created", discussion=_DISCUSSION),
        "discussion_comment": _event(
            _BOB, action="created", discussion=_DISCUSSION, comment={**_COMMENT, "body": "And euro?"}
        ),
        "release": _event(
            _ALICE,
            action="published",
            release={
                "tag_name": "v1.4.0",
                "target_commitish": "main",
                "name": "1.4.0",
                "body": "Prices are rounded.",
                "draft": False,
                "prerelease": False,
                "html_url": f"{_REPO}/releases/tag/v1.4.0",
            },
        ),
        "workflow_run": _event(_ALICE, action="completed", workflow_run=_run("Tests")),
        "check_run": _event(
            _ALICE,
            action="completed",
            check_run={**_run("lint"), "check_suite": {"id": 5, "head_branch": "fix/rounding"}},
        ),
        "check_suite": _event(
            _ALICE, action="completed", check_suite={**_run("suite"), "app": {"name": "Actions"}}
        ),
    }
)
"""By event."""
