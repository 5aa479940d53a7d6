"""The command line against the whole system, as a newcomer uses both."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.programs import free_port
from tests.support.waiting import wait_until

Ccplant = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def ccplant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ccplant]:
    data_dir = tmp_path_factory.mktemp("up")
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = kept | {"HOME": str(data_dir), "LANG": "C.UTF-8", "TZ": "UTC"}
    command = [sys.executable, "-m", "ccplant_cli"]
    log = (data_dir / "up.err").open("w+")
    up = subprocess.Popen(
        [
            *command, "up", "--json", "--port", str(free_port()), "--webhook-port", str(free_port()),
            "--data-dir", str(data_dir / "data"),
        ],
        env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
    )  # fmt: skip
    assert up.stdout is not None
    ready = up.stdout.readline()
    if not ready:
        up.wait(30)
        pytest.fail(f"up did not start: {Path(log.name).read_text()[-2_000:]}")
    assert Path(json.loads(ready)["data_dir"]) == data_dir / "data"

    def run(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments, "--data-dir", str(data_dir / "data")], input=stdin, capture_output=True, text=True,
            env=environment | more, timeout=45, check=False,
        )  # fmt: skip

    yield run
    up.send_signal(signal.SIGTERM)
    up.communicate(timeout=45)
    log.close()


@pytest.mark.timeout(300)
def test_a_session_is_created_talked_to_stopped_and_deleted_and_its_history_stays(ccplant: Ccplant) -> None:
    created = ccplant("session", "create", "--name", "whole", "-m", "stream 60 100", "--follow")
    assert created.returncode == 0, created.stderr
    assert len(created.stdout.split()) == 60
    failed = ccplant("session", "chat", "whole", stdin="echo two\nfail\necho never\n")
    assert (failed.returncode, failed.stdout.splitlines()[0]) == (1, "two"), failed.stderr
    shown = json.loads(ccplant("session", "show", "whole", "--json").stdout)
    assert shown["status"] == "running"
    assert ccplant("session", "stop", "whole").returncode == 0
    history = ccplant("session", "messages", shown["session_id"]).stdout
    assert created.stdout.strip() in history
    assert "echo never" not in history
    assert ccplant("session", "delete", "whole", "--yes").returncode == 0
    assert "whole" not in ccplant("session", "list").stdout
    assert created.stdout.strip() in ccplant("session", "messages", shown["session_id"]).stdout


@pytest.mark.timeout(300)
def test_another_user_sees_nothing_of_it(ccplant: Ccplant) -> None:
    session_id = ccplant("session", "create").stdout.strip()
    token = ccplant("token", "create", "--user", "alice").stdout.strip()
    assert json.loads(ccplant("session", "list", "--json", CCPLANT_TOKEN=token).stdout)["sessions"] == []
    assert ccplant("session", "show", session_id, CCPLANT_TOKEN=token).returncode == 3
    assert ccplant("session", "list", CCPLANT_TOKEN="ccp_wrong").returncode == 4
    assert ccplant("token", "create", "--user", "bob", CCPLANT_TOKEN=token).returncode == 4


@pytest.mark.timeout(300)
def test_a_task_is_followed_until_it_has_completed_by_itself(ccplant: Ccplant) -> None:
    done = ccplant("session", "create", "--mode", "task", "-m", "echo finished", "--follow")
    assert (done.returncode, done.stdout) == (0, "finished\n"), done.stderr


def recipe(page: str, folder: Path) -> Path:
    """Return the definition of a page as a file."""
    text = (Path(__file__).parents[3] / "docs" / page).read_text()
    file = folder / f"{page}.yaml"
    file.write_text(text.split("```yaml\n")[1].split("```")[0])
    return file


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(300)
def test_the_recipe_of_the_page_reviews_a_pull_request_and_its_second_delivery_goes_to_the_same_session(
    ccplant: Ccplant, tmp_path: Path
) -> None:
    file, secret = recipe("webhooks.md", tmp_path), tmp_path / "secret"
    assert ccplant("webhook", "test", "--file", str(file)).returncode == 0
    made = ccplant(
        "webhook", "create", "--file", str(file), "--name", "whole-review", "--secret-to", str(secret),
        # what the demo agent can do, on a pull request of nowhere: there is no network here
        "--message", "echo pull request {{ number }}: {{ action }}", "--reuse-key", "{{ number }}", "--agent", "demo",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    webhook_id = made.stdout.strip()

    def send(action: str, number: str, *more: str) -> subprocess.CompletedProcess[str]:
        payload = {"action": action, "number": 7, "pull_request": {"number": 7, "draft": False}}
        return ccplant(
            "webhook", "send", "whole-review", "--secret-file", str(secret), "--payload", "-", "--delivery", number, *more,
            stdin=json.dumps(payload),
        )  # fmt: skip

    first, second = document(send("opened", "g-1", "--json")), document(send("synchronize", "g-2", "--json"))
    assert {first["outcome"], second["outcome"]} <= {"dispatched", "waiting"}
    again = send("opened", "g-1")
    assert again.stdout == f"{first['delivery_id']}\n"
    assert "came before" in again.stderr
    assert send("closed", "g-3").returncode == 8

    def dispatched() -> bool:
        page = document(ccplant("webhook", "deliveries", webhook_id, "--outcome", "dispatched", "--json"))
        return len(page["deliveries"]) == 2

    wait_until(dispatched, 60, "both deliveries are dispatched")
    page = document(ccplant("webhook", "deliveries", webhook_id, "--outcome", "dispatched", "--json"))
    (session_id,) = {delivery["session_id"] for delivery in page["deliveries"]}

    def said() -> bool:
        told = ccplant("session", "messages", session_id).stdout
        return "\npull request 7: opened" in told and "\npull request 7: synchronize" in told

    wait_until(said, 60, "the agent has said both")
    session = document(ccplant("session", "show", session_id, "--json"))
    assert session["name"] == "whole-review"
    replayed = ccplant("webhook", "replay", webhook_id, first["delivery_id"])
    assert replayed.returncode == 0, replayed.stderr
    wait_until(
        lambda: ccplant("session", "messages", session_id).stdout.count("\npull request 7: opened") == 2,
        60,
        "the delivery was processed again",
    )
    assert ccplant("webhook", "disable", webhook_id).returncode == 0
    assert ccplant("webhook", "delete", webhook_id, "--yes").returncode == 0
    assert ccplant("webhook", "show", "whole-review").returncode == 3


@pytest.mark.timeout(300)
def test_a_wrong_secret_and_a_new_one(ccplant: Ccplant, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    made = ccplant("webhook", "create", "--name", "rotated", "--event", "ping", "--secret-to", str(old))
    assert made.returncode == 0, made.stderr

    def ping(**given: str) -> int:
        return ccplant("webhook", "send", "rotated", "--event", "ping", **given).returncode

    assert ping(CCPLANT_WEBHOOK_SECRET=old.read_text()) == 0
    assert ping(CCPLANT_WEBHOOK_SECRET="whsec_wrong") == 4
    assert (
        ccplant("webhook", "rotate-secret", "rotated", "--grace", "0", "--secret-to", str(new)).returncode
        == 0
    )
    wait_until(
        lambda: ping(CCPLANT_WEBHOOK_SECRET=old.read_text()) == 4, 20, "the old secret is not good any more"
    )
    assert ping(CCPLANT_WEBHOOK_SECRET=new.read_text()) == 0
    assert "rotated" in ccplant("webhook", "show", "rotated", "--definition").stdout


@pytest.mark.timeout(300)
def test_the_nightly_job_of_the_page_runs_by_hand_and_tells_what_became_of_it(
    ccplant: Ccplant, tmp_path: Path
) -> None:
    file = recipe("schedules.md", tmp_path)
    definition = yaml.safe_load(file.read_text()) | {"name": "whole-nightly", "message": "echo good night"}
    # the demo agent says it, and where there is no network there is nothing to clone
    del definition["repository"]
    file.write_text(yaml.safe_dump(definition))
    made = ccplant("schedule", "create", "--file", str(file), "--agent", "demo")
    assert made.returncode == 0, made.stderr
    assert made.stderr.count("03:00:00 JST") == 5
    run_id = ccplant("schedule", "run", "whole-nightly").stdout.strip()

    def run() -> dict[str, Any]:
        (found,) = document(ccplant("schedule", "runs", "whole-nightly", "--json"))["runs"]
        assert found["run_id"] == run_id
        return dict(found)

    wait_until(lambda: run()["outcome"] == "succeeded", 90, "the run has succeeded")
    assert "good night" in ccplant("session", "messages", run()["session_id"]).stdout
    assert "(by hand)" in ccplant("schedule", "runs", "whole-nightly").stdout
    shown = document(ccplant("schedule", "preview", "0 3 * * *", "--timezone", "Asia/Tokyo", "--json"))
    assert document(ccplant("schedule", "show", "whole-nightly", "--json"))["next_runs"] == [
        time["at"] for time in shown["runs"]
    ]
    wrong = ccplant("schedule", "preview", "0 0 3 * * *")
    assert wrong.returncode == 2
    assert "ccplant: " in wrong.stderr
    assert ccplant("schedule", "delete", "whole-nightly", "--yes").returncode == 0


def test_a_file_reaches_the_agent_and_the_conversation_becomes_a_file(
    ccplant: Ccplant, tmp_path: Path
) -> None:
    session_id = ccplant("session", "create", "--wait").stdout.strip()
    file = tmp_path / "設計.bin"
    file.write_bytes(os.urandom(1_300_000))
    answered = ccplant("session", "send", session_id, "attached", "--attach", str(file), "--follow")
    assert answered.returncode == 0, answered.stderr
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert f"設計.bin: 1300000 bytes, sha256 {digest}" in answered.stdout
    assert ccplant("session", "delete", session_id, "--force").returncode == 0
    target = tmp_path / "conversation.json"
    done = ccplant("session", "export", session_id, "--output", str(target))
    assert done.returncode == 0, done.stderr
    messages = [entry for entry in json.loads(target.read_text())["messages"] if entry["type"] == "message"]
    assert [file["name"] for file in messages[0]["attachments"]] == ["設計.bin"]
    assert digest in messages[1]["text"]
    assert digest in ccplant("session", "export", session_id).stdout


@pytest.mark.timeout(300)
def test_what_the_agent_changed_is_listed_and_shown(ccplant: Ccplant, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    (origin / "README").write_text("one\n")
    author = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run(["git", *command], cwd=origin, env=os.environ | author, check=True)
    made = ccplant(
        "session", "create", "--name", "changed", "--repo", f"file://{origin}", "--policy", "allow_all", "--follow",
        "-m", "run echo two > README && git -c user.name=a -c user.email=a@b commit -qam two && echo 1 > new",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    told = document(ccplant("session", "changes", "changed", "--json"))
    assert told["base"]["branch"] == "main"
    assert {file["path"]: file["status"] for file in told["files"]} == {
        "README": "modified",
        "new": "untracked",
    }
    diff = ccplant("session", "changes", "changed", "README").stdout
    assert diff.startswith("diff --git a/README b/README\n")
    assert diff.endswith("-one\n+two\n")
    assert ccplant("session", "changes", "changed", "other").returncode == 3
    assert ccplant("session", "stop", "changed").returncode == 0

    def over() -> bool:
        return ccplant("session", "changes", "changed").returncode not in (0, 3)

    wait_until(over, 30, "the session has ended")
    assert "has ended" in ccplant("session", "changes", told_id(ccplant)).stderr


def told_id(ccplant: Ccplant) -> str:
    page = document(ccplant("session", "list", "--json"))
    return next(str(session["session_id"]) for session in page["sessions"] if session["name"] == "changed")
