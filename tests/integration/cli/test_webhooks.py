"""What each `webhook` command asks of the API, prints, and exits with."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ccplant_cli.webhooks.delivery import signature
from tests.integration.cli.conftest import Run
from tests.integration.cli.standin import StandIn
from tests.integration.cli.triggers import delivery, page, tried, webhook

ALL = "/api/v1/webhooks"
ONE = f"{ALL}/hook-1"
SECRET = "whsec_0123456789"


def created(**more: Any) -> tuple[int, dict[str, Any]]:
    return 201, webhook(secret=SECRET, **more)


def test_a_webhook_is_created_with_every_option_and_its_id_alone_is_on_stdout(
    standin: StandIn, here: Run
) -> None:
    standin.answer("POST", ALL, created())
    done = here(
        "webhook", "create", "--name", "review", "--event", "pull_request,issues", "-e", "push", "--action", "opened",
        "--only-repo", "acme/*", "--only-repo", "!acme/old", "--only-branch", "main", "--only-label", "ai",
        "--only-path", "src/**", "--only-sender", "bob", "--with-bots", "--condition", "not draft", "-m", "-",
        "--reuse-key", "{{ number }}", "--per-hour", "5", "--repo", "o/r", "--branch", "dev", "--mode", "interactive",
        "--memory", "4Gi", "--secret-env", "KEY", "--allow", "Read", "--label", "a=b", "--delete-on-complete",
        "--delete-after", "24", "--disabled", stdin="Review {{ number }}\n", KEY="s3cret",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "hook-1\n"), done.stderr
    (asked,) = standin.of("POST", "/webhooks")
    assert asked.headers["idempotency-key"]
    assert asked.body == {
        "name": "review", "events": ["pull_request", "issues", "push"], "actions": ["opened"],
        "repositories": ["acme/*", "!acme/old"], "branches": ["main"], "pull_request_labels": ["ai"],
        "paths": ["src/**"], "senders": ["bob"], "ignore_bots": False, "condition": "not draft",
        "message": "Review {{ number }}\n", "reuse_key": "{{ number }}", "reuse_session": True,
        "max_dispatches_per_hour": 5, "repository": "o/r", "branch": "dev", "mode": "interactive",
        "labels": {"a": "b"}, "auto_delete_on_complete": True, "auto_delete_after_hours": 24, "enabled": False,
        "config": {
            "memory_limit": "4Gi", "env": {"KEY": {"value": "s3cret", "secret": True}},
            "permission_policy": {"mode": "ask", "allow": ["Read"]},
        },
    }  # fmt: skip


def test_what_to_enter_at_github_is_told_once_with_the_secret(standin: StandIn, here: Run) -> None:
    standin.answer("POST", ALL, created(delivery_url="https://hooks.example.com/webhooks/hook-1"))
    told = here("webhook", "create", "--name", "review", "--event", "pull_request").stderr
    for expected in (
        "Payload URL       https://hooks.example.com/webhooks/hook-1", "Content type      application/json",
        f"Secret            {SECRET}", "Let me select individual events: Pull requests", "X-Hub-Signature-256: sha256=",
        "ccplant webhook send hook-1",
    ):  # fmt: skip
        assert expected in told
    assert "this machine alone" not in told
    shown = json.loads(here("webhook", "create", "--name", "x", "--event", "push", "--json").stdout)
    assert shown["secret"] == SECRET


def test_a_secret_that_goes_into_a_file_is_shown_nowhere(standin: StandIn, here: Run, tmp_path: Path) -> None:
    standin.answer("POST", ALL, created())
    path = tmp_path / "secret"
    done = here("webhook", "create", "--name", "x", "--event", "push", "--secret-to", str(path))
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert path.read_text() == f"{SECRET}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = here("webhook", "create", "--name", "x", "--event", "push", "--secret-to", str(path), "--json")
    assert again.returncode == 2
    assert len(standin.of("POST", "/webhooks")) == 1
    path.unlink()
    as_json = here("webhook", "create", "--name", "x", "--event", "push", "--secret-to", str(path), "--json")
    assert "secret" not in json.loads(as_json.stdout)


def test_a_definition_comes_from_a_file_and_options_win(standin: StandIn, here: Run, tmp_path: Path) -> None:
    standin.answer("POST", ALL, created())
    file = tmp_path / "review.yaml"
    file.write_text(
        "name: review\nevents: [push]\nconfig: {agent: demo, memory_limit: 1Gi}\nmessage: |\n  Look\n"
    )
    done = here("webhook", "create", "--file", str(file), "--name", "other", "--memory", "2Gi")
    assert done.returncode == 0, done.stderr
    assert standin.of("POST", "/webhooks")[0].body == {
        "name": "other", "events": ["push"], "message": "Look\n", "config": {"agent": "demo", "memory_limit": "2Gi"},
    }  # fmt: skip


def test_the_definition_that_is_shown_makes_the_same_webhook(
    standin: StandIn, here: Run, tmp_path: Path
) -> None:
    standin.answer("GET", ONE, webhook(reuse_session=True, reuse_key="{{ number }}"))
    standin.answer("POST", ALL, created())
    shown = here("webhook", "show", "hook-1", "--definition")
    (tmp_path / "again.yaml").write_text(shown.stdout)
    assert here("webhook", "create", "--file", str(tmp_path / "again.yaml")).returncode == 0
    assert standin.of("POST", "/webhooks")[0].body == {
        "name": "review", "enabled": True, "events": ["pull_request"], "actions": ["opened"],
        "repositories": ["acme/*"], "ignore_bots": True, "message": "Look at {{ number }}\nand tell",
        "mode": "task", "config": {"agent": "demo"}, "reuse_session": True, "reuse_key": "{{ number }}",
        "max_dispatches_per_hour": 60,
    }  # fmt: skip
    as_json = json.loads(here("webhook", "show", "hook-1", "--definition", "--json").stdout)
    assert as_json == standin.of("POST", "/webhooks")[0].body


@pytest.mark.parametrize(
    ("arguments", "method", "path", "body"),
    [
        (("enable",), "PATCH", ONE, {"enabled": True}),
        (("disable",), "PATCH", ONE, {"enabled": False}),
        (("edit", "--only-repo", "a/b", "--new-session"), "PATCH", ONE, {"repositories": ["a/b"], "reuse_session": False}),
        (
            ("edit", "--memory", "8Gi", "--clear", "condition", "--clear", "config.cpu_limit"),
            "PATCH", ONE, {"condition": None, "config": {"memory_limit": "8Gi", "cpu_limit": None}},
        ),
        (("edit", "--ignore-bots"), "PATCH", ONE, {"ignore_bots": True}),
        (("edit", "--keep-on-complete"), "PATCH", ONE, {"auto_delete_on_complete": False}),
        (("rotate-secret",), "POST", f"{ONE}/rotate-secret", {}),
        (("rotate-secret", "--grace", "0"), "POST", f"{ONE}/rotate-secret", {"grace_minutes": 0}),
        (("delete", "--yes"), "DELETE", ONE, None),
        (("replay", "dlv-1"), "POST", f"{ONE}/deliveries/dlv-1/replay", {}),
    ],
)  # fmt: skip
def test_each_action_asks_for_what_it_says(
    standin: StandIn, here: Run, arguments: tuple[str, ...], method: str, path: str, body: object
) -> None:
    standin.answer("GET", ALL, page("webhooks", webhook()))
    standin.answer("GET", ONE, webhook())
    standin.answer(method, path, (200, webhook(secret=SECRET)))
    done = here("webhook", arguments[0], "review", *arguments[1:])
    assert done.returncode == 0, done.stderr
    (asked,) = [item for item in standin.requests if item.method == method and item.path == path]
    assert asked.body == body


def test_an_edit_without_anything_to_change_is_refused(standin: StandIn, here: Run) -> None:
    assert here("webhook", "edit", "review").returncode == 2
    assert standin.requests == []


def test_a_script_that_deletes_says_yes(standin: StandIn, here: Run) -> None:
    standin.answer("GET", ONE, webhook())
    assert here("webhook", "delete", "hook-1").returncode == 2
    assert standin.of("DELETE", "") == []
    standin.answer("DELETE", ONE, (204, {}))
    done = here("webhook", "delete", "hook-1", "--yes", "--json")
    assert json.loads(done.stdout) == {"webhook_id": "hook-1"}


def test_the_new_secret_alone_is_on_stdout(standin: StandIn, here: Run, tmp_path: Path) -> None:
    answer = {"webhook_id": "hook-1", "secret": SECRET, "old_secret_until": "2026-01-02T04:04:05Z"}
    standin.answer("GET", ONE, webhook())
    standin.answer("POST", f"{ONE}/rotate-secret", answer, answer | {"old_secret_until": None})
    done = here("webhook", "rotate-secret", "hook-1")
    assert done.stdout == f"{SECRET}\n"
    assert "good until 2026-01-02 04:04:05" in done.stderr
    kept = here("webhook", "rotate-secret", "hook-1", "--secret-to", str(tmp_path / "s"))
    assert kept.stdout == ""
    assert "not good any more" in kept.stderr
    assert (tmp_path / "s").read_text() == f"{SECRET}\n"


def test_names_that_fit_none_or_two_are_told(standin: StandIn, here: Run) -> None:
    standin.answer("GET", ALL, page("webhooks", webhook(), webhook(webhook_id="hook-2")))
    two = here("webhook", "show", "review")
    assert two.returncode == 2
    assert "hook-1, hook-2" in two.stderr
    assert here("webhook", "show", "nothing").returncode == 3


def test_the_list_is_a_table_for_people_and_the_page_itself_for_programs(standin: StandIn, here: Run) -> None:
    standin.answer(
        "GET", ALL, page("webhooks", webhook(name="re\x1bview"), webhook(enabled=False), more=True)
    )
    done = here("webhook", "list", "--limit", "2")
    heading, first, second = done.stdout.splitlines()
    assert heading.split() == ["ID", "NAME", "STATUS", "EVENTS", "DELIVERIES", "LAST", "DELIVERY", "OUTCOME"]
    assert "● enabled" in first
    assert "● ignored" in first
    assert "● disabled" in second
    assert "\x1b" not in first
    assert "2 of 3; go on with --offset 2" in done.stderr
    assert standin.of("GET", "/webhooks")[0].query == {"limit": "2", "offset": "0"}
    assert len(json.loads(here("webhook", "list", "--json").stdout)["webhooks"]) == 2
    standin.answer("GET", ALL, page("webhooks"))
    assert "ccplant webhook create" in here("webhook", "list").stderr


def test_a_webhook_is_shown_in_full_in_both_languages(standin: StandIn, here: Run) -> None:
    standin.answer("GET", ONE, webhook(session_id="nightly", reuse_session=True, ignore_bots=False,
                                       auto_delete_after_hours=24, old_secret_until="2026-01-02T04:04:05Z"))  # fmt: skip
    shown = here("webhook", "show", "hook-1").stdout
    for expected in (
        "REPOSITORIES   acme/*",
        "react to bots as well",
        "60 an hour",
        "agent=demo",
        "24 h after",
        "nightly",
    ):
        assert expected in shown
    assert "cpu_limit" not in shown
    assert "シークレット" in here("webhook", "show", "hook-1", LC_ALL="ja_JP.UTF-8").stdout


def test_deliveries_tell_what_became_of_them(standin: StandIn, here: Run) -> None:
    waiting = delivery("waiting", waiting_for="place", place=3, session_id=None)
    ignored = delivery("ignored", reason="branch", session_id=None)
    standin.answer("GET", ONE, webhook())
    standin.answer("GET", f"{ONE}/deliveries", page("deliveries", delivery(), waiting, ignored))
    lines = here("webhook", "deliveries", "hook-1", "--outcome", "failed").stdout.splitlines()
    assert "pull_request.opened  acme/app" in lines[1]
    assert "● dispatched" in lines[1]
    assert "● waiting (for a place under the limit of sessions, place 3)" in lines[2]
    assert "● ignored (branch)" in lines[3]
    assert standin.of("GET", "/deliveries")[0].query["outcome"] == "failed"


def test_a_delivery_is_shown_with_every_filter_and_its_message(standin: StandIn, here: Run) -> None:
    one = f"{ONE}/deliveries/dlv-1"
    standin.answer("GET", ONE, webhook())
    standin.answer("GET", one, delivery(reason_message={"ja": "理由", "en": "So it is."}))
    shown = here("webhook", "delivery", "hook-1", "dlv-1").stdout
    for expected in ("✓ event", "✗ branch", "It goes elsewhere.", "x�[2J", "Review it�", "2Ki", "So it is."):
        assert expected in shown
    assert standin.of("GET", "/dlv-1")[0].query == {"payload": "false"}
    assert json.loads(here("webhook", "delivery", "hook-1", "dlv-1", "--payload").stdout) == {"number": 12}
    assert standin.of("GET", "/dlv-1")[1].query == {"payload": "true"}
    standin.answer("GET", one, delivery(payload=None))
    assert here("webhook", "delivery", "hook-1", "dlv-1", "--payload").returncode == 3
    standin.answer("GET", one, delivery(payload="{...", payload_truncated=True))
    assert here("webhook", "delivery", "hook-1", "dlv-1", "--payload").returncode == 3


def test_a_test_tells_the_verdict_first_then_every_filter_then_the_message(
    standin: StandIn, here: Run, tmp_path: Path
) -> None:
    (tmp_path / "p.json").write_text('{"number": 12}')
    (tmp_path / "d.yaml").write_text("name: n\nevents: [pull_request]\n")
    standin.answer("POST", f"{ALL}/test", tried())
    done = here("webhook", "test", "--file", str(tmp_path / "d.yaml"), "--payload", str(tmp_path / "p.json"))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "● would be dispatched  It would start a new session."
    assert done.stdout.index("✓ event") < done.stdout.index("✗ branch") < done.stdout.index("acme/app.git")
    assert lines[-1] == "Review it"
    assert standin.of("POST", "/test")[0].body == {
        "definition": {"name": "n", "events": ["pull_request"]}, "event": "pull_request", "payload": {"number": 12},
    }  # fmt: skip


@pytest.mark.parametrize(("outcome", "code"), [("dispatched", 0), ("ignored", 8), ("failed", 1)])
def test_a_test_of_a_saved_webhook_exits_with_the_verdict(
    standin: StandIn, here: Run, outcome: str, code: int
) -> None:
    standin.answer("GET", ONE, webhook())
    standin.answer("POST", f"{ALL}/test", tried(outcome, message=None))
    done = here("webhook", "test", "hook-1", "--event", "push", "--payload", "-", stdin='{"ref": "x"}')
    assert done.returncode == code
    assert standin.of("POST", "/test")[0].body == {
        "webhook_id": "hook-1", "event": "push", "payload": {"ref": "x"},
    }  # fmt: skip
    assert json.loads(here("webhook", "test", "hook-1", "--json").stdout)["outcome"] == outcome
    assert standin.of("POST", "/test")[1].body == {"webhook_id": "hook-1", "event": "pull_request"}


def test_a_test_needs_one_definition_one_event_and_an_object(standin: StandIn, here: Run) -> None:
    standin.answer("GET", ONE, webhook(events=["push", "issues"]))
    assert here("webhook", "test").returncode == 2
    assert here("webhook", "test", "hook-1", "--file", "x.yaml").returncode == 2
    several = here("webhook", "test", "hook-1")
    assert several.returncode == 2
    assert "push, issues" in several.stderr
    assert here("webhook", "test", "hook-1", "-e", "push", "-p", "-", stdin="[1]").returncode == 2


def test_examples_are_named_and_printed(standin: StandIn, here: Run) -> None:
    examples = {
        "examples": [{"event": "push", "payload": {"ref": "r"}}, {"event": "issues", "payload": {"a": 1}}]
    }
    standin.answer("GET", f"{ALL}/examples", examples)
    assert here("webhook", "examples").stdout.split() == ["push", "issues"]
    assert json.loads(here("webhook", "examples", "issues").stdout) == {"a": 1}
    assert json.loads(here("webhook", "examples", "--json").stdout) == examples
    assert here("webhook", "examples", "nothing").returncode == 3


@pytest.mark.parametrize(
    ("outcome", "code"), [("dispatched", 0), ("ignored", 8), ("failed", 1), ("duplicate", 0)]
)
def test_a_delivery_is_signed_and_sent_as_github_does_and_its_outcome_told(
    standin: StandIn, here: Run, tmp_path: Path, outcome: str, code: int
) -> None:
    (tmp_path / "p.json").write_text('{"number":  12}')
    standin.answer("GET", ONE, webhook(delivery_url=f"{standin.url}/webhooks/hook-1"))
    answered = {"delivery_id": "dlv-1", "duplicate": outcome == "failed"}
    standin.answer("POST", "/webhooks/hook-1", (202, answered))
    standin.answer(
        "GET", f"{ONE}/deliveries/dlv-1",
        delivery("processing"), delivery(outcome, reason_message={"en": "So it is.", "ja": "理由"}),
    )  # fmt: skip
    done = here("webhook", "send", "hook-1", "--payload", str(tmp_path / "p.json"), "--delivery", "g-7",
               CCPLANT_WEBHOOK_SECRET=SECRET)  # fmt: skip
    assert done.returncode == code, done.stderr
    assert done.stdout == "dlv-1\n"
    assert f"● {outcome}" in done.stderr
    assert "So it is." in done.stderr
    assert ("came before" in done.stderr) is (outcome == "failed")
    (asked,) = standin.of("POST", "/webhooks/hook-1")
    assert asked.headers["x-hub-signature-256"] == signature(SECRET, b'{"number":  12}')
    assert asked.headers["x-github-event"] == "pull_request"
    assert asked.headers["x-github-delivery"] == "g-7"
    assert "authorization" not in asked.headers
    assert SECRET not in done.stdout + done.stderr


def test_a_delivery_without_a_payload_is_the_example_and_goes_where_it_is_told(
    standin: StandIn, here: Run
) -> None:
    standin.answer("GET", ONE, webhook())
    standin.answer("GET", f"{ALL}/examples", {"examples": [{"event": "ping", "payload": {"zen": "z"}}]})
    standin.answer("POST", "/elsewhere", {"delivery_id": "dlv-1", "outcome": "ignored", "reason": "ping"})
    standin.answer("GET", f"{ONE}/deliveries/dlv-1", delivery("ignored", reason="ping"))
    done = here("webhook", "send", "hook-1", "-e", "ping", "--to", f"{standin.url}/elsewhere", "--secret-file", "-",
               stdin=f"{SECRET}\n")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert standin.of("POST", "/elsewhere")[0].body == {"zen": "z"}


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [(401, "UNAUTHORIZED", 4), (404, "NOT_FOUND", 3), (503, "UNAVAILABLE", 7)],
)
def test_a_delivery_that_is_refused_says_why(
    standin: StandIn, here: Run, status: int, error: str, code: int
) -> None:
    standin.answer("GET", ONE, webhook(delivery_url=f"{standin.url}/webhooks/hook-1", enabled=False))
    refusal = {"error": {"code": error, "message": "It is so.", "details": {}, "request_id": "req-9"}}
    standin.answer("POST", "/webhooks/hook-1", (status, refusal))
    done = here("webhook", "send", "hook-1", "-p", "-", stdin='{"a": 1}', CCPLANT_WEBHOOK_SECRET="wrong")
    assert done.returncode == code
    assert "It is so." in done.stderr
    assert ("Check the secret" in done.stderr) is (status == 401)
    assert ("webhook enable hook-1" in done.stderr) is (status == 404)
    assert "CCPLANT_TOKEN" not in done.stderr


def test_a_delivery_without_a_secret_is_not_sent(standin: StandIn, here: Run) -> None:
    standin.answer("GET", ONE, webhook())
    assert here("webhook", "send", "hook-1", "-p", "-", stdin='{"a": 1}').returncode == 2
    assert here("webhook", "send", "hook-1", "-p", "-", "--secret-file", "-").returncode == 2
    assert standin.of("POST", "") == []
