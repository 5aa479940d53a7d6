"""What a local session is given, what others can read of it, and what it cannot fill up."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ccplant_orchestrator.runtimes.local import bounded_log, supervise
from tests.contract.local_place import LocalPlace
from tests.contract.runtime_steps import exited, said, start

SECRET = b"hidden-in-the-spec"


def _readable_by_others(root: Path) -> list[Path]:
    return [path for path in (root, *root.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077]


def _public(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()


async def test_the_runner_gets_a_minimal_environment(
    place: LocalPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCPLANT_MONGODB_URL", "mongodb://user:password@127.0.0.1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    runtime = place.open()
    ref = await start(runtime, "environment;wait")
    tail = await said(runtime, ref, "waiting")
    line = next(line for line in tail if line.startswith("environment "))
    environment: dict[str, str] = json.loads(line.removeprefix("environment "))
    optional = {"TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "CCPLANT_FAULT", "LC_CTYPE"}
    optional |= {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
    assert set(environment) - optional == {
        "PATH", "LANG", "HOME", "TMPDIR", "PYTHONSAFEPATH", "PYTHONUNBUFFERED", "CCPLANT_TERMINATION_LOG",
        "CCPLANT_LAUNCH_ID", "CCPLANT_DATA_ID",
    }  # fmt: skip
    for name in ("HOME", "TMPDIR", "CCPLANT_TERMINATION_LOG"):
        assert environment[name].startswith(str(place.folder(ref)))


async def test_nobody_else_can_read_anything_and_the_spec_is_never_in_arguments(place: LocalPlace) -> None:
    runtime = place.open()
    before = os.umask(0)
    try:
        ref = await start(runtime, "events 1,2;keep-spec;wait")
    finally:
        os.umask(before)
    await said(runtime, ref, "waiting")
    assert _readable_by_others(place.data) == []
    for pid in [*place.processes(ref), place.pid_of(ref, "supervisor")]:
        assert SECRET not in _public(pid)


async def test_a_spec_that_the_runner_never_read_is_removed_at_the_end(place: LocalPlace) -> None:
    runtime = place.open()
    ref = await start(runtime, "keep-spec;exit 1")
    await exited(runtime, ref)
    assert not (place.folder(ref) / "spec.json").exists()
    assert not any(SECRET in path.read_bytes() for path in place.data.rglob("*.*") if path.is_file())


async def test_a_flood_on_the_log_neither_blocks_the_runner_nor_fills_the_disk(place: LocalPlace) -> None:
    runtime = place.open()
    ref = await start(runtime, "flood 5000000;log 3000;exit 0")
    seen = await exited(runtime, ref)
    assert seen.exit is not None
    assert seen.exit.exit_code == 0
    assert seen.exit.log_tail[-1].startswith("line 2999 ")
    size = sum(path.stat().st_size for path in place.folder(ref).glob("log*.txt"))
    assert place.options.log_limit_bytes // 4 < size <= place.options.log_limit_bytes
    assert sum(map(len, await runtime.log_tail(ref, 100_000))) <= bounded_log.TAIL_BYTES


def test_the_supervisor_starts_without_anything_heavy() -> None:
    """Each import there delays the start of every session."""
    root = Path(supervise.__file__).parents[3]
    code = (
        f"import sys; sys.path.append({str(root)!r}); import ccplant_orchestrator.runtimes.local.supervisor;"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], check=True, capture_output=True, text=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {
        "asyncio",
        "dataclasses",
        "inspect",
        "logging",
        "pathlib",
        "pydantic",
        "subprocess",
        "typing",
    }
    assert {name for name in loaded if name.partition(".")[0].startswith("ccplant")} == {
        "ccplant_orchestrator",
        "ccplant_orchestrator.runtimes",
        "ccplant_orchestrator.runtimes.local",
        *(
            f"ccplant_orchestrator.runtimes.local.{name}"
            for name in ("bounded_log", "files", "memory_kills", "processes", "supervisor")
        ),
    }
