"""A runner for the tests of runtimes: does what the specification's ``STANDIN`` says, one step after the other.

Standard library only. It tells each process that it starts on its log: ``pid N``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_CHILD = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
_FORKER = """
import os, time
while True:
    if os.fork():
        os._exit(0)
    time.sleep(0.0005)
"""


def say(text: str) -> None:
    """Write a line to the log."""
    print(text, flush=True)


def _spawn(code: str, **options: object) -> None:
    child = subprocess.Popen(  # type: ignore[call-overload]
        [sys.executable, "-I", "-S", "-c", code], stdin=subprocess.DEVNULL, **options
    )
    say(f"pid {child.pid}")


def _write_log(state: Path, first: int, count: int) -> None:
    folder = state / "wal"
    folder.mkdir(exist_ok=True)
    with (folder / f"{first:012d}.jsonl").open("a") as file:
        for number in range(first, first + count):
            data = {"type": "notice", "level": "info", "code": "test", "message": f"event {number}"}
            file.write(json.dumps({"seq": number, "at": "2024-05-01T10:00:00.000Z", "data": data}) + "\n")


def _leave(*_: object) -> None:
    say("asked to stop")
    sys.exit(0)


def perform(step: str, state: Path) -> None:  # noqa: PLR0912 (a table of steps)
    """Do one step."""
    word, _, argument = step.partition(" ")
    match word:
        case "wait":
            say("waiting")
            while True:
                time.sleep(60)
        case "exit":
            sys.exit(int(argument))
        case "ignore-term":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "leave-on-term":
            signal.signal(signal.SIGTERM, _leave)
        case "child":
            _spawn(_CHILD)
        case "own-session":
            _spawn(_CHILD, start_new_session=True)
        case "own-session-bare":
            _spawn(_CHILD, start_new_session=True, env={})
        case "forker":
            _spawn(_FORKER, start_new_session=True)
        case "freeze":
            say("freezing")
            os.killpg(0, signal.SIGSTOP)
        case "log":
            sys.stdout.write(
                "\n".join(f"line {number} " + "x" * 80 for number in range(int(argument))) + "\n"
            )
        case "say":
            say(argument)
        case "flood":
            os.write(2, b"y" * int(argument))
        case "events":
            first, count = argument.split(",")
            _write_log(state, int(first), int(count))
        case "torn":
            with next(iter(sorted((state / "wal").glob("*.jsonl"), reverse=True))).open("a") as file:
                file.write('{"seq": 99, "at": "2024-')
        case "last-word":
            Path(os.environ["CCPLANT_TERMINATION_LOG"]).write_text(argument)
        case "environment":
            say("environment " + json.dumps(dict(os.environ)))
        case "write":
            (Path(json.loads(_SPEC)["workspace"]) / argument).write_text("kept")
        case "show":
            say(
                "workspace "
                + json.dumps(sorted(path.name for path in Path(json.loads(_SPEC)["workspace"]).iterdir()))
            )
        case _:
            sys.exit(f"unknown step {step!r}")


_SPEC = ""

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--spec", type=Path, required=True)
    path = parser.parse_args().spec
    _SPEC = path.read_text()
    steps = json.loads(_SPEC)["env"].get("STANDIN", "wait").split(";")
    if "keep-spec" in steps:
        steps.remove("keep-spec")
    else:
        with contextlib.suppress(OSError):  # in a Pod it cannot be removed
            path.unlink()
    Path(json.loads(_SPEC)["workspace"]).mkdir(parents=True, exist_ok=True)
    say(f"runner started\npid {os.getpid()}")
    for one in steps:
        perform(one.strip(), Path(json.loads(_SPEC)["state_dir"]))
