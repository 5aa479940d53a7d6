"""Files that go with messages, and conversations that become files, by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run
from tests.integration.cli.standin import StandIn, Viewer, prompt, session

ONE = "/api/v1/sessions/session-ann-1"


def uploaded(number: int) -> tuple[int, dict[str, object]]:
    return 201, {"attachment_id": f"att-{number}", "name": "x", "media_type": "x/y", "size_bytes": 1}


@pytest.fixture
def known(standin: StandIn) -> StandIn:
    standin.answer("GET", ONE, session())
    standin.answer("POST", f"{ONE}/messages", (202, prompt()))
    return standin


def test_files_go_before_the_message_that_names_them(known: StandIn, here: Run, tmp_path: Path) -> None:
    known.answer("POST", f"{ONE}/attachments", uploaded(1), uploaded(2))
    (tmp_path / "図.png").write_bytes(b"\x89PNG\0" * 40_000)
    (tmp_path / "noext").write_bytes(b"")
    done = here(
        "session", "send", "session-ann-1", "look",
        "--attach", str(tmp_path / "図.png"), "--attach", str(tmp_path / "noext"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = known.of("POST", "/attachments")
    assert (first.query, first.headers["content-type"]) == ({"name": "図.png"}, "image/png")
    assert first.body == b"\x89PNG\0" * 40_000
    assert first.headers["content-length"] == str(len(first.body))
    assert (second.query, second.body, "content-type" in second.headers) == ({"name": "noext"}, b"", False)
    (sent,) = known.of("POST", "/messages")
    assert sent.body == {"text": "look", "attachments": ["att-1", "att-2"]}
    assert [asked.path for asked in known.requests][-1].endswith("/messages")


def test_a_file_that_is_not_there_stops_everything_before_anything_is_sent(
    known: StandIn, here: Run, tmp_path: Path
) -> None:
    (tmp_path / "there").write_text("x")
    for wrong in (tmp_path / "missing", tmp_path):
        done = here(
            "session",
            "send",
            "session-ann-1",
            "x",
            "--attach",
            str(tmp_path / "there"),
            "--attach",
            str(wrong),
        )
        assert done.returncode == 2
        assert str(wrong) in done.stderr
    assert known.of("POST", "") == []


def test_a_file_that_the_server_refuses_sends_no_message(known: StandIn, here: Run, tmp_path: Path) -> None:
    refusal = {"code": "PAYLOAD_TOO_LARGE", "message": "Too large.", "details": {}, "request_id": "req-9"}
    known.answer("POST", f"{ONE}/attachments", (413, {"error": refusal}))
    (tmp_path / "big").write_text("x")
    done = here("session", "send", "session-ann-1", "x", "--attach", str(tmp_path / "big"))
    assert done.returncode != 0
    assert "Too large." in done.stderr
    assert known.of("POST", "/messages") == []


def test_files_of_a_chat_go_with_its_first_message_alone(known: StandIn, run: Run, tmp_path: Path) -> None:
    known.answer("POST", f"{ONE}/attachments", uploaded(1))
    known.answer("POST", f"{ONE}/messages", (202, prompt()), (202, prompt(number=2, prompt_id="prompt-2")))

    async def script(viewer: Viewer) -> None:
        await viewer.hello(session())
        await viewer.asked("POST", "/messages")
        await viewer.turn(1, "prompt-1", "started")
        await viewer.turn(2, "prompt-1", "done")
        await viewer.asked("POST", "/messages", 2)
        await viewer.turn(3, "prompt-2", "started")
        await viewer.turn(4, "prompt-2", "done")
        await viewer.stay()

    known.connections.append(script)
    (tmp_path / "a").write_text("x")
    done = run("session", "chat", "session-ann-1", "--attach", str(tmp_path / "a"), stdin="one\ntwo\n")
    assert done.returncode == 0, done.stderr
    assert [asked.body for asked in known.of("POST", "/messages")] == [
        {"text": "one", "attachments": ["att-1"]},
        {"text": "two"},
    ]


def test_a_conversation_is_written_to_standard_output_or_to_a_file(
    known: StandIn, here: Run, tmp_path: Path
) -> None:
    known.answer("GET", f"{ONE}/export", {"messages": ["こ"]})
    done = here("session", "export", "session-ann-1")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"messages": ["こ"]})
    target = tmp_path / "out.json"
    target.write_text("before")
    done = here("session", "export", "session-ann-1", "--output", str(target), "--json")
    assert json.loads(target.read_text()) == {"messages": ["こ"]}
    assert json.loads(done.stdout) == {
        "path": str(target), "size_bytes": target.stat().st_size, "format": "json",
    }  # fmt: skip
    here("session", "export", "session-ann-1", "--format", "markdown", "-o", str(target))
    assert [asked.query["format"] for asked in known.of("GET", "/export")] == ["markdown", "json", "markdown"]
    assert {path.name for path in tmp_path.iterdir()} == {"out.json"}


def test_an_export_that_is_refused_leaves_the_file_as_it_was(
    known: StandIn, here: Run, tmp_path: Path
) -> None:
    target = tmp_path / "out.md"
    target.write_text("before")
    done = here("session", "export", "session-ann-1", "--output", str(target))
    assert done.returncode != 0
    assert target.read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"out.md"}
    done = here("session", "export", "session-ann-1", "--output", str(tmp_path / "no" / "where.md"))
    assert done.returncode != 0
    assert "where.md" in done.stderr


def test_files_of_a_first_message_wait_for_their_session(standin: StandIn, here: Run, tmp_path: Path) -> None:
    standin.answer("POST", "/api/v1/attachments", uploaded(1))
    standin.answer("POST", "/api/v1/sessions", (201, session("pending")))
    (tmp_path / "a").write_text("x")
    done = here("session", "create", "-m", "look", "--attach", str(tmp_path / "a"))
    assert done.returncode == 0, done.stderr
    (asked,) = standin.of("POST", "/sessions")
    assert asked.body == {"message": "look", "attachments": ["att-1"]}
    assert here("session", "create", "--attach", str(tmp_path / "a")).returncode == 2
    assert len(standin.of("POST", "/api/v1/attachments")) == 1
