"""What GitHub's answers mean: 401 alone makes a token bad, and a limit or a failure never does."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ccplant_api.principals.github.admission import Account, Admission
from ccplant_api.principals.github.answers import (
    Answer,
    Away,
    NotAdmitted,
    Unknown,
    is_member,
    organizations,
    whose,
)
from tests.support import github
from tests.support.github import Reply

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def answer(reply: Reply) -> Answer:
    text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
    return Answer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, text.encode())


def test_a_good_token_is_its_accounts() -> None:
    assert whose(answer(github.account("Octo-Cat", 583231, "o@example.com")), NOW) == Account(
        583231, "Octo-Cat", "o@example.com"
    )


def test_only_401_makes_a_token_bad() -> None:
    assert isinstance(whose(answer(github.BAD_CREDENTIALS), NOW), Unknown)


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (github.limited_until(90, NOW), 90),
        (github.SUSPENDED_BY_LIMIT, 60),
        (github.SECONDARY_LIMIT, 17),
        (github.LOGIN_ATTEMPTS, 60),
        (github.TOO_MANY, 9),
        (Reply(403, {"message": "Forbidden"}, {"Retry-After": "7"}), 7),
        (Reply(403, {"message": "Forbidden"}, {"X-RateLimit-Remaining": "0"}), 60),
        (github.FAILURE, 5),
        (github.MAINTENANCE, 30),
        (Reply(429, None, {"Retry-After": "Fri, 02 Jan 2026 03:04:25 GMT"}), 20),
        (Reply(429, None, {"Retry-After": "-3"}), 60),
        (Reply(503, None, {"Retry-After": "999999999999"}), 3_600),
        (Reply(200, "{broken"), 5),
        (Reply(200, []), 5),
        (Reply(200, {"login": "octo"}), 5),
        (Reply(200, {"login": "octo", "id": True}), 5),
        (Reply(200, {"login": "a/../b", "id": 1}), 5),
        (Reply(302, None, {"Location": "https://elsewhere.example"}), 5),
        (Reply(404, {"message": "Not Found"}), 5),
        (Reply(0, ""), 5),
    ],
)
def test_what_says_nothing_about_the_token_is_github_being_away(reply: Reply, seconds: int) -> None:
    verdict = whose(answer(reply), NOW)
    assert isinstance(verdict, Away), verdict
    assert verdict.retry_after == seconds


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (github.SSO, "https://github.com/orgs/acme/sso?authorization_request=AZS"),
        (github.NO_INTEGRATION, "personal access token"),
        (Reply(200, {"login": "bot", "id": 7, "type": "Bot"}), "no user"),
        (Reply(200, {"login": "x", "id": 7, "suspended_at": "2026-01-01"}), "suspended"),
    ],
)
def test_a_token_that_is_good_and_does_not_do_is_told_why(reply: Reply, words: str) -> None:
    verdict = whose(answer(reply), NOW)
    assert isinstance(verdict, NotAdmitted)
    assert words in verdict.message


def test_organizations_are_read_in_lower_case_or_not_at_all() -> None:
    assert organizations(answer(Reply(200, [{"login": "Acme"}, {"x": 1}, 7]))) == frozenset({"acme"})
    assert organizations(answer(github.NO_SCOPE)) is None
    assert organizations(answer(Reply(200, "{"))) is None


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"state": "active", "organization": {"login": "Acme"}}, True),
        ({"state": "pending", "organization": {"login": "acme"}}, False),
        ({"state": "active", "organization": {"login": "other"}}, False),
        ({"state": "active"}, False),
        ([], False),
    ],
)
def test_only_an_active_membership_of_that_organization_counts(body: object, member: bool) -> None:
    assert is_member(answer(Reply(200, body)), "acme") is member
    assert not is_member(answer(Reply(404, body)), "acme")


def test_who_is_not_named_is_kept_out_and_admins_are_named_one_by_one() -> None:
    octo, other = Account(583231, "OctoCat"), Account(7, "other")
    by_login = Admission(users=frozenset({"octocat"}), organizations=())
    assert by_login.names(octo)
    assert not by_login.names(other)
    by_number = Admission(users=frozenset(), organizations=(), admins=frozenset({"id:583231"}))
    assert by_number.names(Account(583231, "renamed"))
    assert by_number.role(octo) == "admin"
    everybody = Admission(users=frozenset({"*"}), organizations=())
    assert everybody.names(other)
    assert everybody.role(other) == "user"
    assert not Admission(frozenset(), ()).open
