"""Silence counts only while somebody could have heard (D5)."""

from __future__ import annotations

from datetime import timedelta

from ccplant_orchestrator.jobs.liveness import Silence
from tests.support.clock import FakeClock


async def test_silence_is_counted_from_the_first_question_and_ended_by_a_sign_of_life() -> None:
    clock = FakeClock()
    silence = Silence(clock)
    assert silence.of("l1") is None
    silence.listen()
    assert silence.of("l1") == timedelta(0)
    await clock.advance(5)
    assert silence.of("l1") == timedelta(seconds=5)
    silence.heard("l1")
    assert silence.of("l1") == timedelta(0)


async def test_a_process_that_was_frozen_counts_anew() -> None:
    clock = FakeClock()
    silence = Silence(clock)
    silence.listen()
    assert silence.of("l1") == timedelta(0)
    await clock.advance(600)
    assert not silence.listening
    assert silence.of("l1") is None
    silence.listen()
    assert silence.of("l1") == timedelta(0)


async def test_silence_adds_up_as_long_as_the_process_says_that_it_runs() -> None:
    clock = FakeClock()
    silence = Silence(clock)
    silence.listen()
    silence.of("l1")
    for _ in range(60):
        await clock.advance(5)
        silence.awake()
    assert silence.of("l1") == timedelta(seconds=300)
