"""What is remembered of GitHub's answers: one question for many requests, and nobody shut out by GitHub's absence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from ccplant_api.principals.github.admission import Account, Admission
from ccplant_api.principals.github.answers import SILENT, Admitted, Away, NotAdmitted, Unknown, Verdict
from ccplant_api.principals.github.sign_in import GitHubSignIn, Remembering
from ccplant_contracts.errors import ForbiddenError, UnauthorizedError, UnavailableError
from tests.support.clock import FakeClock

TOKEN = "ghp_" + "a1B2" * 9
OCTO = Account(583231, "octocat")


class Checker:
    """GitHub by hand: says what it is told to say, when it is told to."""

    def __init__(self) -> None:
        self.verdict: Verdict | Callable[[str], Verdict] = Admitted(OCTO)
        self.asked: list[str] = []
        self.go = asyncio.Event()
        self.go.set()

    async def check(self, token: str) -> Verdict:
        self.asked.append(token)
        await self.go.wait()
        return self.verdict(token) if callable(self.verdict) else self.verdict


class OwnerBook:
    """Owners in memory."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str]] = []
        self.forgotten: list[tuple[str, str]] = []

    async def enter(self, account: Account) -> str:
        return account.login.lower()

    async def keep(self, user_id: str, token: str) -> None:
        self.kept.append((user_id, token))

    async def forget(self, user_id: str, token: str) -> None:
        self.forgotten.append((user_id, token))


@pytest.fixture
def checker() -> Checker:
    return Checker()


@pytest.fixture
def owners() -> OwnerBook:
    return OwnerBook()


@pytest.fixture
def time() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sign_in(checker: Checker, owners: OwnerBook, time: FakeClock) -> GitHubSignIn:
    admission = Admission(frozenset({"octocat"}), ())
    remembering = Remembering(good=300, refused=30, grace=3_600)
    return GitHubSignIn(checker, owners, admission, time, remembering, most_remembered=3)


async def test_a_hundred_requests_at_once_ask_github_once(sign_in: GitHubSignIn, checker: Checker) -> None:
    checker.go.clear()
    waiting = [asyncio.create_task(sign_in.who(TOKEN)) for _ in range(100)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    checker.go.set()
    answers = await asyncio.gather(*waiting[1:])
    assert {answer.user_id for answer in answers} == {"octocat"}
    assert checker.asked == [TOKEN]


async def test_a_good_answer_is_believed_for_its_time_and_no_longer(
    sign_in: GitHubSignIn, checker: Checker, time: FakeClock
) -> None:
    await sign_in.who(TOKEN)
    await time.advance(299)
    await sign_in.who(TOKEN)
    assert len(checker.asked) == 1
    await time.advance(2)
    checker.verdict = Unknown("revoked")
    with pytest.raises(UnauthorizedError):
        await sign_in.who(TOKEN)


async def test_a_refusal_is_believed_for_less(
    sign_in: GitHubSignIn, checker: Checker, time: FakeClock
) -> None:
    for verdict, error in ((Unknown("no"), UnauthorizedError), (NotAdmitted("not you"), ForbiddenError)):
        checker.verdict, checker.asked = verdict, []
        for _ in range(5):
            with pytest.raises(error, match=verdict.message):
                await sign_in.who(TOKEN)
        assert len(checker.asked) == 1
        await time.advance(31)
    checker.verdict = Admitted(OCTO)
    assert (await sign_in.who(TOKEN)).user_id == "octocat"


async def test_github_being_away_is_no_verdict_and_says_when_to_come_again(
    sign_in: GitHubSignIn, checker: Checker, time: FakeClock
) -> None:
    checker.verdict = Away("its rate limit", 20)
    for left in (20, 15):
        with pytest.raises(UnavailableError, match="rate limit") as caught:
            await sign_in.who(TOKEN)
        assert caught.value.retry_after == left
        await time.advance(5)
    assert len(checker.asked) == 1, "it was asked again before the time that it named"
    await time.advance(11)
    checker.verdict = Admitted(OCTO)
    await sign_in.who(TOKEN)


async def test_who_was_let_in_stays_so_while_github_is_away_but_not_for_ever(
    sign_in: GitHubSignIn, checker: Checker, time: FakeClock
) -> None:
    await sign_in.who(TOKEN)
    checker.verdict = SILENT
    await time.advance(301)
    for _ in range(10):
        assert (await sign_in.who(TOKEN)).user_id == "octocat"
    assert len(checker.asked) == 2, "every request waited for a GitHub that is away"
    await time.advance(3_590)
    assert (await sign_in.who(TOKEN)).user_id == "octocat"
    await time.advance(10)
    with pytest.raises(UnavailableError):
        await sign_in.who(TOKEN)


async def test_a_token_that_github_refuses_in_between_has_no_grace_and_is_erased(
    sign_in: GitHubSignIn, checker: Checker, owners: OwnerBook, time: FakeClock
) -> None:
    await sign_in.who(TOKEN)
    await time.advance(301)
    checker.verdict = Unknown("revoked")
    with pytest.raises(UnauthorizedError):
        await sign_in.who(TOKEN)
    assert owners.forgotten == [("octocat", TOKEN)]
    checker.verdict = SILENT
    await time.advance(31)
    with pytest.raises(UnavailableError):
        await sign_in.who(TOKEN)


async def test_a_flood_of_wrong_tokens_pushes_out_nobody_who_is_let_in(
    sign_in: GitHubSignIn, checker: Checker
) -> None:
    checker.verdict = lambda token: Admitted(OCTO) if token == TOKEN else Unknown("no")
    await sign_in.who(TOKEN)
    for number in range(20):
        with pytest.raises(UnauthorizedError):
            await sign_in.who(f"ghp_{number}")
    checker.asked = []
    await sign_in.who(TOKEN)
    assert checker.asked == []
    with pytest.raises(UnauthorizedError):
        await sign_in.who("ghp_0")
    assert checker.asked == ["ghp_0"], "more is remembered than was to be"


async def test_a_flood_at_once_is_bounded(sign_in: GitHubSignIn, checker: Checker) -> None:
    checker.go.clear()
    waiting = [asyncio.create_task(sign_in.who(f"ghp_{number}")) for number in range(300)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(checker.asked) == 256
    checker.go.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(answer, UnavailableError) for answer in answers) == 44


async def test_the_token_that_an_owner_used_last_is_the_kept_one(
    sign_in: GitHubSignIn, owners: OwnerBook
) -> None:
    for token in ("ghp_a", "ghp_a", "ghp_b", "ghp_b", "ghp_a"):
        await sign_in.who(token)
    assert [token for _, token in owners.kept] == ["ghp_a", "ghp_b", "ghp_a"]


@pytest.mark.parametrize("token", ["", "two words", "ghp_ü", "ghp_\x00", "x\r\nHost: evil"])
async def test_what_can_be_no_token_is_refused_without_a_question(
    sign_in: GitHubSignIn, checker: Checker, token: str
) -> None:
    with pytest.raises(UnauthorizedError):
        await sign_in.who(token)
    assert checker.asked == []


async def test_closing_leaves_nothing_behind(sign_in: GitHubSignIn, checker: Checker) -> None:
    checker.go.clear()
    waiting = asyncio.create_task(sign_in.who(TOKEN))
    await asyncio.sleep(0)
    await sign_in.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
