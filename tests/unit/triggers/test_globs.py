"""A glob matches what it says, and takes a step for each character of the text, however it is made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_triggers.globs import Globs
from tests.unit.triggers.odd_payloads import ANY_MACHINE


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("main", "main", True),
        ("main", "Main", False),
        ("main", "mainline", False),
        ("*", "main", True),
        ("*", "feature/x", False),
        ("*", "", True),
        ("**", "feature/x/y", True),
        ("**", "", True),
        ("feature/*", "feature/x", True),
        ("feature/*", "feature/x/y", False),
        ("feature/*", "feature/", True),
        ("feature/**", "feature/x/y", True),
        ("feature/**", "feature", False),
        ("*/x", "a/x", True),
        ("*/x", "x", False),
        ("**/x.py", "x.py", True),
        ("**/x.py", "a/b/x.py", True),
        ("**/x.py", "ax.py", False),
        ("docs/**/a.md", "docs/a.md", True),
        ("docs/**/a.md", "docs/b/c/a.md", True),
        ("docs/**/a.md", "docs/ba.md", False),
        ("docs/**/**/a.md", "docs/a.md", True),
        ("**/*", "a", True),
        ("**/*", "a/b", True),
        ("a**b", "a/x/b", True),
        ("a**/b", "ax/b", True),
        ("a**/b", "a/b", True),
        ("a**/b", "ab", False),
        ("v?.?", "v1.2", True),
        ("v?.?", "v1.23", False),
        ("a?b", "a/b", False),
        ("*.py", "a.py", True),
        ("*.py", ".py", True),
        ("*.py", "a/b.py", False),
        ("[bot]", "[bot]", True),
        ("[ab]", "a", False),
        ("a.b", "axb", False),
        ("日本/*", "日本/語", True),
        ("***", "a/b", True),
        ("a\\*", "a\\b", True),
    ],
)
def test_a_glob_matches_what_it_says(pattern: str, text: str, matches: bool) -> None:
    assert Globs((pattern,)).match(text) is matches


def test_of_several_patterns_one_is_enough_and_none_runs_into_the_next() -> None:
    globs = Globs(("a*", "b", "c?"))
    assert [globs.match(text) for text in ("ax", "b", "cx", "axb", "bc", "abc/", "c", "")] == [
        *(True, True, True, True),
        *(False, False, False, False),
    ]
    assert not Globs(()).match("")


def _matches(pattern: str, text: str) -> bool:
    """Say the same by trying all ways, as the words of the rule go."""
    if not pattern:
        return not text
    return _matches_at(pattern, text, start=True)


def _matches_at(pattern: str, text: str, *, start: bool) -> bool:
    if not pattern:
        return not text
    if pattern.startswith("**"):
        rest = pattern.lstrip("*")
        if start and rest.startswith("/"):
            begins = [0, *(index + 1 for index, character in enumerate(text) if character == "/")]
            return any(_matches_at(rest[1:], text[begin:], start=True) for begin in begins)
        return any(_matches_at(rest, text[begin:], start=False) for begin in range(len(text) + 1))
    if pattern[0] == "*":
        part = text.split("/", 1)[0]
        return any(_matches_at(pattern[1:], text[begin:], start=False) for begin in range(len(part) + 1))
    if not text or (pattern[0] == "?" and text[0] == "/") or pattern[0] not in ("?", text[0]):
        return False
    return _matches_at(pattern[1:], text[1:], start=pattern[0] == "/")


PATTERNS = st.text("ab/*?", max_size=8).map(lambda text: text.replace("***", "**"))


@ANY_MACHINE
@given(st.lists(PATTERNS, max_size=3), st.text("ab/", max_size=7))
def test_the_automaton_says_what_trying_all_ways_says(patterns: list[str], text: str) -> None:
    assert Globs(patterns).match(text) is any(_matches(pattern, text) for pattern in patterns)


@pytest.mark.parametrize(
    "pattern", ["*a" * 100 + "b", "**a" * 80 + "b", "**/a" * 60 + "b", "*?" * 100 + "b", "**/*" * 60 + "b"]
)
def test_many_stars_are_no_more_work_than_their_text_is_long(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    globs = Globs((pattern,))
    looks = 0
    honest = Globs._open

    def counting(self: Globs, states: int) -> int:
        nonlocal looks
        looks += 1
        return honest(self, states)

    monkeypatch.setattr(Globs, "_open", counting)
    text = "a/" * 500 + "a" * 1_000
    assert globs.match(text) is False
    assert looks <= len(text) + 1


@pytest.mark.parametrize("pattern", ["**/" * 80 + "b", "***/**/" * 30 + "b", "**/***/*" * 20])
def test_stars_that_follow_each_other_are_one(pattern: str) -> None:
    once = Globs((pattern,))
    assert once._open(once._start).bit_count() <= 4
