"""What a delivery is about is found where GitHub puts it, and anything else is «not there»."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given

from ccplant_triggers import payloads
from ccplant_triggers.examples import EXAMPLES
from ccplant_triggers.payloads import MAX_PATHS, PayloadFacts
from tests.unit.triggers.odd_payloads import ANY_MACHINE, DELIVERIES


def _facts(event: str, **parts: Any) -> PayloadFacts:
    return payloads.facts(event, parts)


SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"


@pytest.mark.parametrize(
    ("event", "branches", "number", "labels", "ref"),
    [
        ("push", ("main",), None, (), "main"),
        ("create", ("fix/rounding",), None, (), "fix/rounding"),
        ("delete", ("fix/rounding",), None, (), "fix/rounding"),
        ("pull_request", ("main",), 12, ("bug", "agent"), "#12"),
        ("pull_request_review", ("main",), 12, ("bug", "agent"), "#12"),
        ("pull_request_review_comment", ("main",), 12, ("bug", "agent"), "#12"),
        ("issues", (), 7, ("bug", "agent"), "#7"),
        ("issue_comment", (), 7, ("bug", "agent"), "#7"),
        ("discussion", (), 3, (), "#3"),
        ("discussion_comment", (), 3, (), "#3"),
        ("release", ("main",), None, (), "v1.4.0"),
        ("workflow_run", ("fix/rounding",), 12, (), "fix/rounding"),
        ("check_run", ("fix/rounding",), 12, (), "fix/rounding"),
        ("check_suite", ("fix/rounding",), 12, (), "fix/rounding"),
        ("ping", (), None, (), None),
    ],
)
def test_each_event_keeps_its_branch_number_and_labels_in_its_own_place(
    event: str, branches: tuple[str, ...], number: int | None, labels: tuple[str, ...], ref: str | None
) -> None:
    facts = payloads.facts(event, EXAMPLES[event])
    assert (facts.branches, facts.number, facts.labels, facts.ref) == (branches, number, labels, ref)
    assert facts.repository == "example/shop"
    assert facts.clone_url == "https://github.com/example/shop.git"
    assert facts.sender in ("alice", "bob")
    assert facts.action == EXAMPLES[event].get("action")


def test_every_example_is_in_the_table_of_places_above() -> None:
    table = test_each_event_keeps_its_branch_number_and_labels_in_its_own_place
    named = {row[0] for row in table.pytestmark[0].args[1]}  # type: ignore[attr-defined]
    assert named == set(EXAMPLES)


@pytest.mark.parametrize(
    ("event", "parts", "branches", "ref"),
    [
        ("push", {"ref": "refs/heads/feature/a"}, ("feature/a",), "feature/a"),
        ("push", {"ref": "refs/tags/v1"}, (), "v1"),
        ("push", {"ref": "refs/heads/refs/heads/x"}, ("refs/heads/x",), "refs/heads/x"),
        ("create", {"ref": "v1", "ref_type": "tag"}, (), "v1"),
        ("delete", {"ref": "v1", "ref_type": "tag"}, (), "v1"),
        ("release", {"release": {"tag_name": "v1", "target_commitish": SHA}}, (), "v1"),
        ("workflow_dispatch", {"ref": "refs/heads/main"}, ("main",), "main"),
        ("workflow_job", {"workflow_job": {"head_branch": "x"}}, ("x",), "x"),
        ("workflow_run", {"workflow_run": {"head_branch": None}}, (), None),
        ("merge_group", {"merge_group": {"base_ref": "refs/heads/main"}}, ("main",), "main"),
        ("deployment", {"deployment": {"ref": "main"}}, ("main",), "main"),
        ("deployment_status", {"deployment": {"ref": SHA}}, (), SHA),
        ("status", {"branches": [{"name": "a"}, {"name": "b"}, 3]}, ("a", "b"), "a"),
        ("status", {"branches": []}, (), None),
        ("star", {"ref": "refs/heads/main"}, (), None),
    ],
)
def test_the_branch_is_the_right_one_and_a_tag_or_commit_is_none(
    event: str, parts: dict[str, Any], branches: tuple[str, ...], ref: str | None
) -> None:
    facts = payloads.facts(event, parts)
    assert (facts.branches, facts.ref) == (branches, ref)


def test_an_event_that_is_not_known_has_the_number_of_its_subject() -> None:
    assert _facts("sub_issues", issue={"number": 4, "labels": [{"name": "x"}]}).number == 4
    assert _facts("sub_issues", issue={"number": 4, "labels": [{"name": "x"}]}).labels == ("x",)
    assert _facts("star").number is None


@pytest.mark.parametrize(
    ("sender", "bot"),
    [
        ({"login": "alice", "type": "User"}, False),
        ({"login": "x", "type": "Bot"}, True),
        ({"login": "dependabot[bot]", "type": "User"}, True),
        ({"login": "robot", "type": "Organization"}, False),
        (None, False),
        ("dependabot[bot]", False),
    ],
)
def test_a_bot_is_known_by_its_type_or_its_login(sender: object, bot: bool) -> None:
    assert _facts("push", sender=sender).sender_is_bot is bot


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/a/b",
        "git@github.com:a/b.git",
        "file:///etc",
        "https://user:pass@github.com/a/b",
        "https://token@github.com/a/b",
        "https://",
        "https://[/x",
        "https://github.com/a\nb",
        "--upload-pack=x",
        "",
        7,
        None,
    ],
)
def test_what_is_no_plain_https_address_is_not_cloned(url: object) -> None:
    assert _facts("push", repository={"clone_url": url}).clone_url is None


def test_paths_are_those_of_all_commits_each_once_in_order() -> None:
    commits = [
        {"added": ["a", "b"], "modified": ["c"], "removed": ["d"]},
        {"added": ["b"], "modified": ["a", 3, None, ""], "removed": "e"},
        "no commit",
    ]
    facts = _facts("push", commits=commits, head_commit={"modified": ["f"]})
    assert facts.paths == ("a", "b", "c", "d", "f")
    assert not facts.paths_cut
    assert _facts("pull_request", commits=commits).paths == ()


@pytest.mark.parametrize(
    "commits",
    [
        [{"added": [f"f{number}" for number in range(MAX_PATHS + 1)]}],
        [{"added": [f"f{number}"]} for number in range(MAX_PATHS + 1)],
        [{"added": ["x" * 1_000_000]}],
        [{"added": []} for _ in range(MAX_PATHS + 1)],
    ],
)
def test_more_changed_files_than_are_kept_are_cut_and_said_to_be(commits: list[object]) -> None:
    facts = _facts("push", commits=commits)
    assert facts.paths_cut
    assert len(facts.paths) <= MAX_PATHS
    assert sum(map(len, facts.paths)) <= payloads.MAX_PATH_CHARACTERS


ODD = "a\x00b\ud800" + "c" * 5_000


def test_facts_are_cut_and_without_what_cannot_be_stored() -> None:
    subject = {"number": 1, "labels": [{"name": ODD}], "base": {"ref": ODD}}
    parts = {"action": ODD, "repository": {"full_name": ODD}, "sender": {"login": ODD}}
    facts = [
        _facts("pull_request", pull_request=subject, **parts),
        _facts("push", ref=ODD, commits=[{"added": [ODD]}], **parts),
        _facts("release", release={"tag_name": ODD}, **parts),
        _facts(ODD, **parts),
    ]
    for one in facts:
        texts = (one.action, one.repository, one.sender, one.ref, one.event, *one.branches, *one.labels)
        assert all(len(text or "") <= 250 for text in texts)
        assert all(
            "a\ufffdb\ufffdc" in text
            for text in (*texts, *one.paths)
            if text and text != "#1" and text not in EXAMPLES
        )


@pytest.mark.parametrize("number", [-1, 1 << 53, 1.0, True, "7", None])
def test_what_is_no_number_of_github_is_none(number: object) -> None:
    assert _facts("issues", issue={"number": number}).number is None


@ANY_MACHINE
@given(DELIVERIES)
def test_any_object_has_facts_that_can_be_stored(delivery: tuple[str, dict[str, Any]]) -> None:
    event, payload = delivery
    before = copy.deepcopy(payload)
    facts = payloads.facts(event, payload)
    texts = [facts.event, facts.action, facts.repository, facts.clone_url, facts.ref, facts.sender]
    texts += [*facts.branches, *facts.labels, *facts.paths]
    for text in texts:
        assert text is None or isinstance(text, str)
        (text or "").encode()
        assert "\x00" not in (text or "")
    assert all(len(text or "") <= 2_000 for text in texts)
    assert facts.number is None or 0 <= facts.number < 1 << 53
    assert repr(payload) == repr(before)


def test_what_is_shown_of_a_payload_commands_no_terminal_and_turns_no_line_around() -> None:
    payload = {
        "action": "opened\x1b[2J",
        "repository": {"full_name": "acme/\u202eegap"},
        "sender": {"login": "a\x9bb"},
        "pull_request": {"number": 1, "base": {"ref": "main\u2066"}, "labels": [{"name": "x\u2028y"}]},
    }
    found = payloads.facts("pull_request", payload)
    assert found.action == "opened�[2J"
    assert (found.repository, found.sender) == ("acme/�egap", "a�b")
    assert (found.branches, found.labels) == (("main�",), ("x�y",))
