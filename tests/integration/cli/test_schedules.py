"""What each `schedule` and `dispatch` command asks of the API, prints, and exits with."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.conftest import Run
from tests.integration.cli.standin import StandIn
from tests.integration.cli.triggers import dispatch, page, schedule
from tests.integration.cli.triggers import run as schedule_run

ALL = "/api/v1/schedules"
ONE = f"{ALL}/sched-1"
WAITING = "/api/v1/dispatches"


def test_a_schedule_is_created_with_every_option_and_its_id_alone_is_on_stdout(
    standin: StandIn, here: Run
) -> None:
    standin.answer("POST", ALL, (201, schedule()))
    done = here(
        "schedule", "create", "--name", "nightly", "--cron", "0 3 * * *", "--timezone", "Asia/Tokyo", "-m", "Test it",
        "--overlap", "queue", "--catch-up", "0", "--jitter", "60", "--starts-at", "2026-01-01T00:00:00Z",
        "--ends-at", "2027-01-01T00:00:00Z", "--session", "nightly", "--repo", "o/r", "--timeout", "0", "--deny", "Bash",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "sched-1\n"), done.stderr
    assert standin.of("POST", "/schedules")[0].body == {
        "name": "nightly", "cron": "0 3 * * *", "timezone": "Asia/Tokyo", "message": "Test it", "overlap": "queue",
        "catch_up_seconds": 0, "jitter_seconds": 60, "starts_at": "2026-01-01T00:00:00Z",
        "ends_at": "2027-01-01T00:00:00Z", "session_id": "nightly", "reuse_session": True, "repository": "o/r",
        "config": {"timeout_minutes": 0, "permission_policy": {"mode": "ask", "deny": ["Bash"]}},
    }  # fmt: skip


def test_the_next_times_are_told_in_the_zone_of_the_schedule_with_what_may_surprise(
    standin: StandIn, here: Run
) -> None:
    standin.answer("POST", ALL, (201, schedule()))
    told = here("schedule", "create", "--name", "n", "--cron", "0 3 * * *", "-m", "x").stderr
    assert "At 03:00, every day (Asia/Tokyo)" in told
    assert "Sat 2026-01-03 03:00:00 JST" in told
    assert "! The time limit is short." in told
    in_japanese = here(
        "schedule", "create", "--name", "n", "-c", "0 3 * * *", "-m", "x", LC_ALL="ja_JP.UTF-8"
    ).stderr
    assert "毎日 03:00 (Asia/Tokyo)" in in_japanese
    assert "土 2026-01-03 03:00:00 JST" in in_japanese
    assert "! 短すぎます。" in in_japanese
    standin.answer("POST", ALL, (201, schedule(next_runs=[])))
    assert "no time at which it runs" in here("schedule", "create", "--name", "n").stderr
    standin.answer("POST", ALL, (201, schedule(enabled=False, next_runs=[])))
    assert "disabled" in here("schedule", "create", "--name", "n", "--disabled").stderr
    assert standin.of("POST", "/schedules")[-1].body == {"name": "n", "enabled": False}


@pytest.mark.parametrize(
    ("arguments", "method", "path", "body"),
    [
        (("enable",), "PATCH", ONE, {"enabled": True}),
        (("disable",), "PATCH", ONE, {"enabled": False}),
        (
            ("edit", "--cron", "@daily", "--clear", "ends_at"),
            "PATCH",
            ONE,
            {"cron": "@daily", "ends_at": None},
        ),
        (("delete", "--yes"), "DELETE", ONE, None),
        (("run",), "POST", f"{ONE}/run", {}),
    ],
)
def test_each_action_asks_for_what_it_says(
    standin: StandIn, here: Run, arguments: tuple[str, ...], method: str, path: str, body: object
) -> None:
    standin.answer("GET", ALL, page("schedules", schedule()))
    standin.answer("GET", ONE, schedule())
    standin.answer(method, path, (200, schedule() | schedule_run("waiting")))
    done = here("schedule", arguments[0], "nightly", *arguments[1:])
    assert done.returncode == 0, done.stderr
    (asked,) = [item for item in standin.requests if item.method == method and item.path == path]
    assert asked.body == body
    assert done.stdout == ("run-1\n" if arguments[0] == "run" else "")


def test_nothing_is_changed_or_deleted_by_accident(standin: StandIn, here: Run) -> None:
    standin.answer("GET", ONE, schedule())
    assert here("schedule", "edit", "nightly").returncode == 2
    assert here("schedule", "delete", "sched-1").returncode == 2
    assert {asked.method for asked in standin.requests} == {"GET"}
    standin.answer("GET", ALL, page("schedules"))
    assert here("schedule", "show", "nothing").returncode == 3


def test_schedules_are_listed_and_shown(standin: StandIn, here: Run) -> None:
    standin.answer(
        "GET", ALL, page("schedules", schedule(), schedule(enabled=False, next_run_at=None, last_run=None))
    )
    heading, first, second = here("schedule", "list").stdout.splitlines()
    assert heading.split()[:5] == ["ID", "NAME", "STATUS", "CRON", "TIME"]
    assert "0 3 * * *  Asia/Tokyo  2026-01-02 18:00:00 UTC  ● succeeded" in first
    assert "● disabled" in second
    standin.answer("GET", ONE, schedule(starts_at="2025-12-31T15:00:00Z", jitter_seconds=60))
    shown = here("schedule", "show", "sched-1").stdout
    for expected in (
        "0 3 * * * (Asia/Tokyo)", "At 03:00, every day", "Sun 2026-01-04 03:00:00 JST", "● succeeded",
        "The time limit is short.", "Thu 2026-01-01 00:00:00 JST", "1m00s", "Run the tests", "a new one each time",
    ):  # fmt: skip
        assert expected in shown
    definition = here("schedule", "show", "sched-1", "--definition").stdout
    assert "cron: 0 3 * * *\n" in definition
    assert "next_run" not in definition


def test_runs_tell_what_became_of_them(standin: StandIn, here: Run) -> None:
    missed = schedule_run(
        "missed", missed_count=3, session_id=None, started_at=None, duration_seconds=None, reason="outage",
        reason_message={"en": "Nobody was there.", "ja": "停止中でした。"},
    )  # fmt: skip
    standin.answer("GET", ONE, schedule())
    standin.answer("GET", f"{ONE}/runs", page("runs", schedule_run(), missed, schedule_run(trigger="manual")))
    _, first, second, third = here("schedule", "runs", "sched-1").stdout.splitlines()
    assert "● succeeded  1m15s" in first
    assert "(and 2 more)" in second
    assert "● missed" in second
    assert "Nobody was there." in second
    assert "(by hand)" in third
    standin.answer("GET", f"{ONE}/runs", page("runs"))
    assert "not run yet" in here("schedule", "runs", "sched-1").stderr


def test_a_preview_tells_local_times_with_their_day(standin: StandIn, here: Run) -> None:
    answer = {"cron": "0 9 * * *", "timezone": "Asia/Tokyo",
              "runs": [{"at": "2026-01-02T00:00:00.000Z", "local": "2026-01-02T09:00:00+09:00"}]}  # fmt: skip
    standin.answer("POST", f"{ALL}/preview", answer)
    done = here("schedule", "preview", "0 9 * * *", "-z", "Asia/Tokyo", "--count", "1")
    assert done.stdout == "Fri 2026-01-02T09:00:00+09:00  2026-01-02T00:00:00.000Z\n"
    assert done.stderr == "At 09:00, every day\n"
    assert standin.of("POST", "/preview")[0].body == {
        "cron": "0 9 * * *",
        "timezone": "Asia/Tokyo",
        "count": 1,
    }
    assert json.loads(here("schedule", "preview", "0 9 * * *", "--json").stdout) == answer


def test_what_waits_is_listed_shown_and_taken_back(standin: StandIn, here: Run) -> None:
    marked = (
        "Text between <untrusted-a1> and </untrusted-a1> was …\n\nReview <untrusted-a1>this</untrusted-a1>\nx"
    )
    standin.answer(
        "GET", WAITING, page("dispatches", dispatch(), dispatch("dispatched", target="last", message=marked))
    )
    _, first, second = here("dispatch", "list").stdout.splitlines()
    assert "webhook review" in first
    assert "● waiting (for a place under the limit of sessions, place 2)" in first
    assert "new session" in first
    assert first.endswith("Review it")
    assert "● dispatched" in second
    assert second.endswith("Review this")
    here("dispatch", "list", "--all")
    assert [asked.query["waiting"] for asked in standin.of("GET", "/dispatches")] == ["true", "false"]
    failure = {"code": "config", "message": {"en": "It cannot be.", "ja": "できません。"}}
    standin.answer("GET", f"{WAITING}/disp-1", dispatch("failed", failure=failure))
    shown = here("dispatch", "show", "disp-1").stdout
    assert "It cannot be. (config)" in shown
    assert shown.endswith("Review it\nwith care\n")
    standin.answer("DELETE", f"{WAITING}/disp-1", dispatch("cancelled"))
    assert here("dispatch", "cancel", "disp-1").returncode == 0
    refused = {
        "error": {"code": "CONFLICT", "message": "It is dispatched.", "details": {}, "request_id": "r"}
    }
    standin.answer("DELETE", f"{WAITING}/disp-1", (409, refused))
    assert here("dispatch", "cancel", "disp-1").returncode == 5
    standin.answer("GET", WAITING, page("dispatches"))
    assert here("dispatch", "list").stderr == "Nothing waits.\n"


@pytest.mark.parametrize("group", ["webhook", "schedule", "dispatch"])
def test_the_help_of_each_command_is_there_in_both_languages_with_examples(run: Run, group: str) -> None:
    import re

    overview = run(group, "--help").stdout
    names = re.findall(r"^  ([a-z-]+)  ", overview.split("Commands:")[1], re.MULTILINE)
    assert len(names) >= 3
    for language, word in (("C", "Examples:"), ("ja_JP.UTF-8", "例:")):
        shown = run(group, names[0], "--help", LC_ALL=language).stdout
        assert word in shown
        assert f"ccplant {group} {names[0]}" in shown
