"""A provider that refuses is told in both languages, with the next try where there is a time."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from ccplant_cli.chat.transcript import Noticed, Transcript
from ccplant_cli.details import rows_of
from ccplant_cli.documents import Document
from ccplant_cli.provider_wait import told
from ccplant_contracts.session import ProviderReason


@pytest.fixture(params=["ja_JP.UTF-8", "C"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "CCPLANT_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", request.param)
    return str(request.param)


def wait(**changes: Any) -> dict[str, Any]:
    return {"reason": "overloaded", "attempts": 3, "retry_at": "2026-01-02T03:04:05.000Z", **changes}


@pytest.mark.parametrize("reason", get_args(ProviderReason))
def test_every_reason_has_words(reason: str, language: str) -> None:
    words = told(Document.of(wait(reason=reason)))
    assert words != told(Document.of(wait(reason="something_new")))
    assert not words.startswith(f"{reason} ")


def test_the_next_try_is_said_where_it_is_known(language: str) -> None:
    words = told(Document.of(wait()))
    assert "3" in words
    assert ":04:05" in words
    assert ":04:05" not in told(Document.of(wait(retry_at=None)))


def test_details_show_it_while_it_is_so() -> None:
    shown = dict(rows_of(Document.of({"status": "running", "provider_wait": wait()})))
    assert "provider" in shown
    assert "provider" not in dict(rows_of(Document.of({"status": "running", "provider_wait": None})))


def test_a_chat_says_it_once_per_refusal_and_not_its_end() -> None:
    transcript = Transcript(0)
    waiting = {"state": "waiting_for_provider", "provider_wait": wait()}
    frames = [
        {"type": "agent_state", "seq": 1, "data": waiting},
        {"type": "agent_state", "seq": 2, "data": {"state": "working"}},
    ]
    items = [item for one in frames for item in transcript.take(Document.of(one))]
    assert [type(item) for item in items] == [Noticed]
