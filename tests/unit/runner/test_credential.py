"""When a credential is renewed: in time by the issuer's word, whatever the clocks of the machines say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from ccplant_contracts.launch import BusAccess
from ccplant_runner.credential import WorkCredential

ISSUED = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3_600.0


@dataclass
class Time:
    """A monotonic clock and a wall clock that a test sets."""

    seconds: float = 1_000.0
    wall: datetime = ISSUED
    credential: WorkCredential = field(init=False)

    def given(self, life: float | None = HOUR, *, renewable: bool = True) -> WorkCredential:
        return WorkCredential(
            access(life),
            renewable=renewable,
            monotonic=lambda: self.seconds,
            now=lambda: self.wall,
            uniform=lambda: 0.0,
        )


def access(life: float | None) -> BusAccess:
    return BusAccess(
        url="nats://x", inbox_prefix="_INBOX_x", jwt="j", seed="s", issued_at=ISSUED, seconds_to_live=life
    )


def test_it_is_due_at_two_thirds_of_its_life() -> None:
    time = Time()
    credential = time.given()
    assert credential.renew_in() == pytest.approx(2_400)
    time.seconds += 2_399
    assert (credential.due, credential.over) == (False, False)
    time.seconds += 2
    assert (credential.due, credential.over) == (True, False)
    time.seconds += 1_200
    assert (credential.due, credential.over) == (True, True)


def test_the_time_that_the_first_one_lay_in_a_file_counts() -> None:
    time = Time(wall=ISSUED + timedelta(minutes=30))
    credential = time.given()
    assert credential.renew_in() == pytest.approx(600)
    assert Time(wall=ISSUED + timedelta(hours=5)).given().due


def test_a_wall_clock_that_is_wrong_only_brings_the_renewal_forward() -> None:
    behind = Time(wall=ISSUED - timedelta(days=1)).given()
    assert behind.renew_in() == pytest.approx(2_400)
    ahead = Time(wall=ISSUED + timedelta(days=1)).given()
    assert ahead.due
    assert not ahead.over, "it may be good, so it is tried where nobody renews it"


def test_a_renewed_one_counts_from_before_it_was_asked_for() -> None:
    time = Time(wall=ISSUED + timedelta(days=1))
    credential = time.given()
    asked_at = time.seconds
    time.seconds += 3
    credential.renewed(access(300), asked_at)
    assert credential.renew_in() == pytest.approx(197)
    assert not credential.due


def test_after_the_servers_word_it_is_over_and_due_at_once() -> None:
    time = Time()
    credential = time.given()
    credential.ended(expired=True)
    assert credential.over
    assert credential.due
    assert credential.renew_in() == 0


def test_a_server_that_ends_credentials_early_has_the_next_ones_renewed_in_time() -> None:
    time = Time()
    credential = time.given()
    credential.renewed(access(HOUR), time.seconds)
    time.seconds += 900
    credential.ended(expired=True)
    credential.renewed(access(HOUR), time.seconds)
    assert credential.renew_in() == pytest.approx(600)


def test_the_first_one_teaches_nothing_about_the_servers_clock() -> None:
    time = Time()
    credential = time.given()
    time.seconds += 10
    credential.ended(expired=True)
    credential.renewed(access(HOUR), time.seconds)
    assert credential.renew_in() == pytest.approx(2_400)


def test_tries_that_fail_come_ever_further_apart_and_never_too_far() -> None:
    time = Time()
    credential = WorkCredential(
        access(HOUR), renewable=True, monotonic=lambda: time.seconds, now=lambda: ISSUED, uniform=lambda: 1.0
    )
    time.seconds += 3_000
    waits = []
    for _ in range(12):
        credential.not_renewed()
        waits.append(credential.renew_in() or 0)
    assert waits == sorted(waits)
    assert waits[0] >= 0.5
    assert waits[-1] == 30
    credential.renewed(access(HOUR), time.seconds)
    time.seconds += 2_401
    assert credential.renew_in() == 0, "the count begins anew"


def test_what_has_no_end_or_cannot_be_renewed_is_never_due() -> None:
    assert Time().given(None).renew_in() is None
    fixed = Time().given(renewable=False)
    fixed.ended(expired=True)
    assert fixed.renew_in() is None
    assert not fixed.due
    assert not fixed.over, "there is no other, so it is tried again"


def test_renewals_of_launches_that_began_together_come_apart() -> None:
    time = Time()
    spread = {
        WorkCredential(
            access(HOUR), renewable=True, monotonic=lambda: time.seconds, now=lambda: ISSUED, uniform=draw
        ).renew_in()
        for draw in (lambda: 0.0, lambda: 0.5, lambda: 1.0)
    }
    assert len(spread) == 3
    assert all(2_100 < (wait or 0) <= 2_400 for wait in spread)
