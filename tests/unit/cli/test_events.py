"""`ccplant events` follows unless something else is named, and says what it had published again."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from ccplant_cli.commands import events
from ccplant_cli.documents import Document

CONNECTION = ("--url", "http://127.0.0.1:1", "--token", "t")


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """Answer instead of a server; return what was asked for."""
    found: list[tuple[str, object]] = []

    def post(_self: object, path: str, body: object) -> Document:
        found.append((path, body))
        return Document({"since": "2026-11-20T00:00:00Z", "events": 7})

    monkeypatch.setattr("ccplant_cli.client.Client.post", post)
    return found


def test_events_are_published_again_since_a_moment(posted: list[tuple[str, object]]) -> None:
    done = CliRunner().invoke(events.app, ["republish", "--since", "2026-11-20T00:00:00Z", *CONNECTION])
    assert done.exit_code == 0, done.output
    assert posted == [("/api/v1/events/republish", {"since": "2026-11-20T00:00:00Z"})]
    assert "7" in done.stderr


def test_without_a_moment_nothing_is_published_again(posted: list[tuple[str, object]]) -> None:
    assert CliRunner().invoke(events.app, ["republish", *CONNECTION]).exit_code == 2
    assert posted == []


def test_named_alone_it_follows(monkeypatch: pytest.MonkeyPatch, posted: list[tuple[str, object]]) -> None:
    monkeypatch.setattr(
        events,
        "stream",
        lambda _target, path: iter([Document({"type": "session.running", "session_id": path})]),
    )
    done = CliRunner().invoke(events.app, ["--json", "--type", "session.running", *CONNECTION])
    assert done.exit_code == 0, done.output
    assert '"session_id": "/api/v1/events"' in done.stdout
    assert posted == []
