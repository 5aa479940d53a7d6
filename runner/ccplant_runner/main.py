"""The runner's process: read the spec, run the launch, leave the last word."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from ccplant_contracts.launch import LastWord, LaunchSpec
from ccplant_contracts.status import Reason
from ccplant_platform.redaction import Redactor
from ccplant_runner.last_word import write_last_word
from ccplant_runner.log import RunnerLog
from ccplant_runner.session import LaunchRun
from ccplant_runner.spec import take_spec


def main(arguments: list[str] | None = None) -> int:
    """Run one launch; return the exit code."""
    parser = argparse.ArgumentParser(prog="ccplant-runner", description="Runs one launch of a session.")
    parser.add_argument(
        "--spec", type=Path, required=True, help="private file with the launch's spec; removed once read"
    )
    options = parser.parse_args(arguments)
    try:
        spec = take_spec(options.spec)
    except (OSError, ValueError) as error:
        # nothing is known of the session, so this is all that can be said; the error may quote what must stay secret
        sys.stderr.write(f"ccplant-runner: the spec cannot be read: {type(error).__name__}\n")
        return 1
    renewal = spec.bus_renewal.seed if spec.bus_renewal is not None else None
    own = [secret for secret in (spec.bus.seed, spec.bus.password, renewal) if secret]
    redactor = Redactor([*spec.secrets, *own])
    log = RunnerLog(redactor, {"session_id": spec.session_id, "launch_id": spec.launch_id})
    log.take_over_stdlib()
    return asyncio.run(_run(spec, redactor, log))


async def _run(spec: LaunchSpec, redactor: Redactor, log: RunnerLog) -> int:
    try:
        run = LaunchRun(spec, redactor, log)
        word = await run.run()
        exit_code = run.exit_code
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, the end must be explained
        log.failure("runner_failed", error=f"{type(error).__name__}: {error}")
        detail = redactor(f"{type(error).__name__}: {error}")
        word, exit_code = LastWord(reason=Reason.RUNNER_CRASHED, detail=detail, log_tail=log.tail()), 1
    try:
        write_last_word(word, Path(spec.state_dir))
    except OSError as error:
        log.failure("last_word_not_written", error=str(error))
    log.info("ended", exit_code=exit_code)
    return exit_code
