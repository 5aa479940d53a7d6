"""`session changes` by the command line: a list for people, the diff itself for programs."""

from __future__ import annotations

import json

from tests.integration.cli.conftest import Run
from tests.integration.cli.standin import StandIn, session

ONE = "/api/v1/sessions/session-ann-1"
LIST = {
    "base": {"branch": "main", "commit": "0123456789abcdef" * 2 + "01234567"},
    "files": [
        {"path": "a\nb", "old_path": None, "status": "untracked", "additions": 3, "deletions": 0, "binary": False},
        {"path": "new", "old_path": "old", "status": "renamed", "additions": 0, "deletions": 0, "binary": False},
        {"path": "\x1b[2Jx", "old_path": None, "status": "modified", "additions": 0, "deletions": 0, "binary": True},
    ],
    "truncated": True,
    "taken_at": "2026-01-02T03:04:05.000Z",
}  # fmt: skip
DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-\x1b[31mone\n+two\n"


def test_the_list_has_a_line_a_file_and_commands_no_terminal(standin: StandIn, run: Run) -> None:
    standin.answer("GET", ONE, session())
    standin.answer("GET", f"{ONE}/changes", (200, LIST))
    done = run("session", "changes", "session-ann-1")
    assert done.returncode == 0, done.stderr
    heading, *lines = done.stdout.splitlines()
    assert heading.split() == ["CHANGE", "LINES", "FILE"]
    assert [" ".join(line.split()) for line in lines] == [
        "untracked +3 -0 a\\nb",
        "renamed +0 -0 old → new",
        "modified binary �[2Jx",
    ]
    assert "0123456789ab of main" in done.stderr
    assert "more changes" in done.stderr
    assert json.loads(run("session", "changes", "session-ann-1", "--json").stdout) == LIST
    japanese = run("session", "changes", "session-ann-1", LANG="ja_JP.UTF-8")
    assert "未追跡" in japanese.stdout


def test_a_diff_is_written_for_programs_as_it_is(standin: StandIn, run: Run) -> None:
    standin.answer("GET", ONE, session())
    answer = {"path": "x & y", "status": "modified", "binary": False, "diff": DIFF, "truncated": True}
    standin.answer("GET", f"{ONE}/changes/file", (200, answer))
    done = run("session", "changes", "session-ann-1", "x & y")
    assert (done.returncode, done.stdout) == (0, DIFF)
    assert "was cut" in done.stderr
    (asked,) = standin.of("GET", "/changes/file")
    assert asked.query == {"path": "x & y"}


def test_a_session_that_has_ended_is_told_in_one_sentence(standin: StandIn, run: Run) -> None:
    standin.answer("GET", ONE, session())
    refusal = {"code": "CONFLICT", "message": "The session has ended.", "details": {}, "request_id": "r"}
    standin.answer("GET", f"{ONE}/changes", (409, {"error": refusal}))
    done = run("session", "changes", "session-ann-1")
    assert done.returncode != 0
    assert "The session has ended." in done.stderr
