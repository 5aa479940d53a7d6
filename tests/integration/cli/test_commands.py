"""What each command asks of the API, prints, and exits with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run
from tests.integration.cli.standin import AT, StandIn, permission, prompt, session

ONE = "/api/v1/sessions/session-ann-1"


def error(code: str, message: str = "No.", **details: object) -> dict[str, object]:
    return {
        "error": {
            "code": code,
            "message": message,
            "details": details,
            "request_id": "req-7",
            "timestamp": AT,
        }
    }


def test_a_session_is_created_with_every_option_and_its_id_alone_is_on_stdout(
    standin: StandIn, run: Run, tmp_path: Path
) -> None:
    standin.answer("POST", "/api/v1/sessions", (201, session("pending")))
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"gh": {"command": "npx"}}}')
    (tmp_path / "setup.sh").write_text("make deps\n")
    done = run(
        "session", "create", "-m", "hello", "--name", "review", "--repo", "o/r", "--branch", "main", "--mode", "task",
        "--agent", "demo", "--model", "m", "--policy", "rules", "--allow", "Read", "--deny", "Bash", "--preset", "light",
        "--cpu", "500m", "--memory", "1Gi", "--timeout", "0", "--storage", "5Gi", "--keep-storage", "--env", "A=1",
        "--secret-env", "KEY", "--mcp", str(tmp_path / "mcp.json"), "--setup", str(tmp_path / "setup.sh"),
        "--label", "team=x", "--delete-on-complete", "--delete-after", "24", KEY="s3cret",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "session-ann-1\n"), done.stderr
    (asked,) = standin.of("POST", "/api/v1/sessions")
    assert asked.headers["authorization"] == "Bearer ccp_test"
    assert asked.headers["idempotency-key"]
    assert asked.body == {
        "name": "review", "repository": "o/r", "branch": "main", "mode": "task", "message": "hello",
        "labels": {"team": "x"},
        "config": {
            "preset": "light", "cpu_limit": "500m", "memory_limit": "1Gi", "timeout_minutes": 0, "agent": "demo",
            "model": "m", "permission_policy": {"mode": "rules", "allow": ["Read"], "deny": ["Bash"]},
            "env": {"A": {"value": "1", "secret": False}, "KEY": {"value": "s3cret", "secret": True}},
            "mcp_servers": {"gh": {"command": "npx"}}, "setup_script": "make deps\n", "pvc_enabled": True,
            "pvc_storage_size": "5Gi", "pvc_retain": True, "auto_delete_on_complete": True,
            "auto_delete_after_hours": 24,
        },
    }  # fmt: skip


def test_nothing_that_was_not_given_is_sent(standin: StandIn, run: Run) -> None:
    standin.answer("POST", "/api/v1/sessions", (201, session("pending")))
    assert run("session", "create").returncode == 0
    assert standin.of("POST", "/api/v1/sessions")[0].body == {}


def test_create_waits_until_the_agent_can_answer_and_tells_each_step(standin: StandIn, run: Run) -> None:
    waiting = session("pending", status_message={"en": "The repository is being cloned.", "ja": "クローン中"})
    standin.answer("POST", "/api/v1/sessions", (201, waiting))
    standin.answer("GET", ONE, waiting, session("running"))
    done = run("session", "create", "--wait")
    assert done.returncode == 0
    assert "The repository is being cloned." in done.stderr
    assert "running" in done.stderr


def test_a_session_that_fails_to_start_fails_the_wait(standin: StandIn, run: Run) -> None:
    standin.answer("POST", "/api/v1/sessions", (201, session("pending")))
    standin.answer("GET", ONE, session("failed", status_message={"en": "Not cloned.", "ja": "失敗"}))
    done = run("session", "create", "--wait")
    assert done.returncode == 1
    assert "Not cloned." in done.stderr


def test_the_wait_has_an_end(standin: StandIn, run: Run) -> None:
    standin.answer("POST", "/api/v1/sessions", (201, session("pending")))
    standin.answer("GET", ONE, session("pending"))
    assert run("session", "create", "--wait", "--wait-timeout", "0.1").returncode == 124


def test_the_list_is_a_table_for_people_and_the_page_itself_for_programs(standin: StandIn, run: Run) -> None:
    page = {
        "sessions": [session()],
        "total": 10_000,
        "total_capped": True,
        "has_more": True,
        "limit": 1,
        "offset": 0,
    }
    standin.answer("GET", "/api/v1/sessions", page)
    people = run("session", "list", "--status", "running", "--limit", "1")
    assert people.returncode == 0
    heading, row = people.stdout.splitlines()
    assert heading.split() == ["ID", "NAME", "STATUS", "CREATED", "UPDATED", "RESOURCES"]
    assert row.startswith("session-ann-1  review  ● running")
    assert "1 of 10000+; go on with --offset 1" in people.stderr
    asked = standin.of("GET", "/api/v1/sessions")[0]
    assert asked.query == {
        "status": "running",
        "sort": "started_at",
        "order": "desc",
        "limit": "1",
        "offset": "0",
    }
    assert json.loads(run("session", "list", "--json").stdout) == page


def test_words_and_any_end_are_looked_for_by_the_server(standin: StandIn, run: Run) -> None:
    standin.answer("GET", "/api/v1/sessions", {"sessions": [session()]})
    assert run("session", "list", "--search", "Review pr", "--status", "ended").returncode == 0
    asked = standin.of("GET", "/api/v1/sessions")[0].query
    assert (asked["q"], asked["status"]) == ("Review pr", "ended")


def test_it_speaks_japanese_where_the_locale_does(standin: StandIn, run: Run) -> None:
    standin.answer("GET", "/api/v1/sessions", {"sessions": [session()]})
    assert "● 実行中" in run("session", "list", LANG="ja_JP.UTF-8").stdout
    assert "セッションを作成" in run("session", "create", "--help", LANG="ja_JP.UTF-8").stdout
    refused = run("session", "show", "nobody", LC_ALL="ja_JP.UTF-8")
    assert "当てはまるセッションがありません" in refused.stderr


def test_a_session_is_found_by_its_name_on_any_page(standin: StandIn, run: Run) -> None:
    other = session(session_id="session-ann-2", name="other")
    pages = {"sessions": [other], "has_more": True}, {"sessions": [session()], "has_more": False}
    standin.answer("GET", "/api/v1/sessions", *pages)
    standin.answer("GET", ONE, session(status_message={"en": "Fine.", "ja": "良好"}))
    done = run("session", "show", "review")
    assert done.returncode == 0, done.stderr
    assert "session-ann-1" in done.stdout
    assert "limits are not enforced" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "method", "path", "body", "query"),
    [
        (("stop", "session-ann-1"), "POST", f"{ONE}/stop", {}, {}),
        (("complete", "session-ann-1"), "POST", f"{ONE}/complete", {}, {}),
        (("extend", "session-ann-1", "--timeout", "0"), "PATCH", ONE, {"timeout_minutes": 0}, {}),
        (
            ("recreate", "session-ann-1", "--memory", "8Gi"),
            "POST", f"{ONE}/recreate", {"config": {"memory_limit": "8Gi"}}, {},
        ),
        (
            ("recreate", "session-ann-1", "--new-storage"),
            "POST", f"{ONE}/recreate", {"config": {"pvc_from": None}}, {},
        ),
        (("recreate", "session-ann-1", "--resume"), "POST", f"{ONE}/recreate", {"resume": True}, {}),
        (("cancel", "session-ann-1", "--prompt", "prompt-1"), "POST", f"{ONE}/cancel", {"prompt_id": "prompt-1"}, {}),
        (
            ("answer", "session-ann-1", "perm-1", "allow_once"),
            "POST", f"{ONE}/permissions/perm-1", {"option": "allow_once"}, {},
        ),
        (("send", "session-ann-1", "hi"), "POST", f"{ONE}/messages", {"text": "hi"}, {}),
        (("delete", "session-ann-1"), "DELETE", ONE, None, {}),
        (
            ("delete", "session-ann-1", "--force", "--purge", "--yes", "--keep-storage"),
            "DELETE", ONE, None, {"force": "true", "purge": "true", "delete_pvc": "false"},
        ),
    ],
)  # fmt: skip
def test_each_action_asks_for_what_it_says(
    standin: StandIn,
    run: Run,
    arguments: tuple[str, ...],
    method: str,
    path: str,
    body: object,
    query: dict[str, str],
) -> None:
    standin.answer("GET", ONE, session())
    standin.answer(method, path, (202, session() | prompt()))
    done = run("session", *arguments)
    assert done.returncode == 0, done.stderr
    (asked,) = [item for item in standin.requests if item.method == method and item.path == path]
    assert (asked.body, asked.query) == (body, query)


def test_volumes_are_listed_with_who_has_them(standin: StandIn, run: Run) -> None:
    volume = {"volume_id": "session-ann-1", "session_id": "session-ann-9", "session_name": "a\x1b[2Jname", "owner": "ann",
              "size": "10Gi", "created_at": "2026-01-01T00:00:00Z", "in_use_by": None, "deleting": False}  # fmt: skip
    used = volume | {"volume_id": "session-ann-2", "session_name": None, "in_use_by": "session-ann-9"}
    going = volume | {"volume_id": "session-ann-3", "deleting": True}
    standin.answer(
        "GET", "/api/v1/volumes", {"volumes": [volume, used, going], "total": 3, "has_more": False}
    )
    shown = run("volume", "list").stdout.splitlines()
    assert [line.split("  ")[-1].strip() for line in shown] == [
        "USED BY",
        "free",
        "session-ann-9",
        "being deleted",
    ]
    assert shown[0].split() == ["ID", "LAST", "SESSION", "OWNER", "SIZE", "CREATED", "USED", "BY"]
    assert "\x1b" not in "".join(shown)
    assert "session-ann-9" in shown[2]
    assert json.loads(run("volume", "list", "--json").stdout)["total"] == 3
    standin.answer("GET", "/api/v1/volumes", {"volumes": []})
    assert run("volume", "list").stderr == "No volumes.\n"


def test_a_volume_is_deleted_by_whoever_says_yes(standin: StandIn, run: Run) -> None:
    path = "/api/v1/volumes/session-ann-1"
    standin.answer("DELETE", path, (202, {"volume_id": "session-ann-1", "deleting": True}))
    assert run("volume", "delete", "session-ann-1").returncode == 2
    assert standin.of("DELETE", "") == []
    done = run("volume", "delete", "session-ann-1", "--yes")
    assert (done.returncode, done.stderr) == (0, "The volume session-ann-1 is being deleted.\n")
    assert [asked.path for asked in standin.requests if asked.method == "DELETE"] == [path]


def test_what_is_over_already_is_not_said_to_be_ending(standin: StandIn, run: Run) -> None:
    standin.answer("GET", ONE, session("completed", ended_at="2026-01-01T00:00:00Z"))
    standin.answer("POST", f"{ONE}/complete", session("completed", ended_at="2026-01-01T00:00:00Z"))
    assert run("session", "complete", "session-ann-1").stderr == "session-ann-1 is over already.\n"


def test_a_table_has_no_blanks_at_the_end_of_a_line(standin: StandIn, run: Run) -> None:
    standin.answer("GET", ONE, session(name="a name that is rather long"))
    shown = run("session", "show", "session-ann-1").stdout
    assert shown.splitlines() == [line.rstrip() for line in shown.splitlines()]


def test_a_purge_by_a_script_has_to_say_yes(standin: StandIn, run: Run) -> None:
    standin.answer("GET", ONE, session())
    assert run("session", "delete", "session-ann-1", "--purge").returncode == 2
    assert standin.of("DELETE", "") == []


def test_the_conversation_is_read_page_by_page(standin: StandIn, run: Run) -> None:
    standin.answer("GET", ONE, session("completed"))
    first = {"type": "message", "role": "user", "text": "hi", "message_id": "p"}
    second = {"type": "message", "role": "agent", "text": "hello", "message_id": "m"}
    third = {
        "type": "tool",
        "title": "Run",
        "status": "failed",
        "content": [{"kind": "text", "text": "no\x1b[2J"}],
    }
    standin.answer(
        "GET", f"{ONE}/messages",
        {"messages": [first], "has_more": True, "next_cursor": "c1"}, {"messages": [second, third], "has_more": False},
    )  # fmt: skip
    assert run("session", "messages", "session-ann-1").stdout == "› hi\nhello\n✗ Run  no�[2J\n"
    assert standin.of("GET", "/messages")[1].query["cursor"] == "c1"


def test_logs_are_printed_line_by_line(standin: StandIn, run: Run) -> None:
    standin.answer("GET", ONE, session())
    standin.answer("GET", f"{ONE}/logs", {"lines": ["one", "two\x1b[31m"]})
    assert run("session", "logs", "session-ann-1", "-n", "2").stdout == "one\ntwo�[31m\n"


def test_permission_requests_that_wait_are_listed(standin: StandIn, run: Run) -> None:
    standin.answer("GET", ONE, session())
    standin.answer(
        "GET",
        f"{ONE}/permissions",
        {"permissions": [permission(), permission("answered", permission_id="perm-0")]},
    )
    done = run("session", "permissions", "session-ann-1")
    assert "perm-1" in done.stdout
    assert "o-allow (allow_once)" in done.stdout
    assert "perm-0" not in done.stdout


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (400, "INVALID_REQUEST", 2), (401, "UNAUTHORIZED", 4), (403, "FORBIDDEN", 4), (404, "NOT_FOUND", 3),
        (409, "CONFLICT", 5), (429, "RATE_LIMIT_EXCEEDED", 7), (500, "INTERNAL_ERROR", 1), (503, "SESSION_NOT_READY", 7),
    ],
)  # fmt: skip
def test_a_refusal_is_one_sentence_with_the_request_id_and_an_exit_code(
    standin: StandIn, run: Run, status: int, code: str, exit_code: int
) -> None:
    standin.answer("GET", "/api/v1/sessions", (status, error(code, "It is so.")))
    done = run("session", "list")
    assert done.returncode == exit_code
    assert done.stderr.splitlines()[0] == "ccplant: It is so. (request id req-7)"
    as_json = json.loads(run("session", "list", "--json").stderr)["error"]
    assert (as_json["code"], as_json["request_id"], as_json["exit_code"]) == (code, "req-7", exit_code)


def test_a_refusal_is_told_in_the_readers_language(standin: StandIn, run: Run) -> None:
    text = {"ja": "今はできません。", "en": "Not now."}
    standin.answer("GET", "/api/v1/sessions", (409, error("CONFLICT", "Not now.", text=text)))
    assert "ccplant: 今はできません。" in run("session", "list", LANG="ja_JP.UTF-8").stderr
    assert "ccplant: Not now." in run("session", "list").stderr


def test_a_server_that_is_not_there_is_told_at_once(run: Run) -> None:
    done = run("session", "list", CCPLANT_URL="http://127.0.0.1:9")
    assert done.returncode == 6
    assert "127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_command_line_exits_with_2(run: Run) -> None:
    assert run("session", "list", "--status", "dead").returncode == 2
    assert run("session", "create", "--follow").returncode == 2
    assert run("nothing").returncode == 2


def test_a_token_is_printed_alone_so_that_it_can_be_kept(standin: StandIn, run: Run) -> None:
    standin.answer("POST", "/api/v1/api-keys", (201, {"token": "ccp_new", "user": "bob", "name": "n"}))
    done = run("token", "create", "--user", "bob", "--name", "n")
    assert done.stdout == "ccp_new\n"
    assert standin.of("POST", "/api-keys")[0].body == {"name": "n", "user": "bob"}


def test_health_needs_no_token_and_tells_each_part(standin: StandIn, run: Run) -> None:
    body = {
        "status": "down",
        "timestamp": AT,
        "version": "0.1.0",
        "nats": {"status": "down", "detail": "away"},
    }
    standin.answer("GET", "/health", (503, body))
    done = run("health", CCPLANT_TOKEN="")
    assert done.returncode == 1
    assert "nats          down  away" in done.stdout
    standin.answer("GET", "/health", {"status": "ok", "version": "0.1.0"})
    assert run("health").returncode == 0


def test_events_go_on_where_the_connection_broke_and_nothing_comes_twice(standin: StandIn, run: Run) -> None:
    def event(number: int, kind: str) -> bytes:
        data = {
            "id": f"evt-{number}",
            "type": kind,
            "session_id": "session-ann-1",
            "time": AT,
            "data": {"reason": "x"},
        }
        return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()

    standin.streams = [[event(1, "session.created"), b": heartbeat\n\n"], [event(2, "session.running")]]
    standin.answer("GET", "/api/v1/events", (401, error("UNAUTHORIZED", "The token was revoked.")))
    done = run("events", "--json")
    assert done.returncode == 4
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["evt-1", "evt-2"]
    assert [item.headers.get("last-event-id") for item in standin.of("GET", "/events")] == [None, "1", "2"]
    standin.streams = [[event(1, "session.created"), event(2, "session.running")]]
    assert run("events", "--type", "session.running").stdout.split() == [
        "03:04:05",
        "session.running",
        "session-ann-1",
        "reason=x",
    ]


def test_listing_imports_neither_the_chat_nor_the_models(
    environment: dict[str, str], standin: StandIn
) -> None:
    standin.answer("GET", "/api/v1/sessions", {"sessions": [session()]})
    code = (
        "import sys\nfrom ccplant_cli.main import app\n"
        "try:\n    app(['session', 'list'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'websockets', 'ccplant_contracts', 'ccplant_cli.up', 'ccplant_cli.agents'}\n"
        "heavy &= set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
