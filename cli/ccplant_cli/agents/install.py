"""Puts an agent's pinned packages into the data directory: as a whole or not at all, again without doing it twice."""

from __future__ import annotations

import json
import os
import platform
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ccplant_cli.agents import node as nodes
from ccplant_cli.agents.installed import InstalledAgent, load, manifest, save
from ccplant_cli.agents.messages import AgentError
from ccplant_cli.agents.packages import AgentPackage

DOWNLOAD_SECONDS = 1800.0
HANDSHAKE_SECONDS = 30.0
MEGABYTE = 1_000_000
Say = Callable[..., None]


def install(package: AgentPackage, agents: Path, *, with_node: bool, say: Say) -> InstalledAgent:
    """Install an agent, unless this set of it is there already.

    Raises:
        AgentError: it cannot be installed here.
    """
    present = load(agents, package.name)
    if present is not None and present.lock == package.lock:
        say("already", agent=package.name, version=package.version)
        return present
    home = agents / package.name
    for directory in (agents.parent, agents, home):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    node = _node(agents / "node", with_node=with_node, say=say)
    say("node_found", version=node.version, path=node.program)
    _require_room(home, package.megabytes)
    say("installing", agent=package.name, version=package.version, size=package.megabytes, path=home)
    for abandoned in home.glob(".new-*"):
        shutil.rmtree(abandoned)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=home))
    try:
        for file in ("package.json", "package-lock.json", *package.own_files):
            shutil.copyfile(package.files / file, new / file)
        for file in package.own_files:
            (new / file).chmod(0o755)
        command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        environment = {
            **os.environ,
            "PATH": f"{node.program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        }
        _run("npm ci", command, cwd=new, environment=environment, grows=new, size=package.megabytes, say=say)
        _require_whole(package, new)
        say("checking")
        _handshake(package, _agent(package, new, node.program))
        final = home / package.lock
        if final.exists():  # left by an installation that was not put to use
            shutil.rmtree(final)
        new.rename(final)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    agent = _agent(package, final, node.program)
    save(agents, agent)
    _drop_older(home, keep={package.lock, present.lock if present else ""})
    say("installed", agent=package.name, version=package.version)
    return agent


def _agent(package: AgentPackage, root: Path, node: Path) -> InstalledAgent:
    return InstalledAgent(
        name=package.name,
        version=package.version,
        lock=package.lock,
        command=package.command(root, node),
        env=package.variables(root),
    )


def _node(private: Path, *, with_node: bool, say: Say) -> nodes.Node:
    try:
        return nodes.find(private)
    except AgentError:
        if not with_node:
            raise
    private.mkdir(parents=True, exist_ok=True, mode=0o700)
    _require_room(private, nodes.MEGABYTES)
    say("node_installing", size=nodes.MEGABYTES)
    command = nodes.install_command(private)
    _run(
        "pip install",
        command,
        cwd=private,
        environment=os.environ,
        grows=private,
        size=nodes.MEGABYTES,
        say=say,
    )
    return nodes.find(private)


def _require_room(path: Path, megabytes: int) -> None:
    free = shutil.disk_usage(path).free // MEGABYTE
    if free < megabytes * 1.2:
        raise AgentError("no_space", path=path, needed=round(megabytes * 1.2), free=free)


def _require_whole(package: AgentPackage, root: Path) -> None:
    for path in package.programs(root):
        if not path.is_file():
            machine = f"{platform.system()} {platform.machine()}"
            raise AgentError(
                "incomplete", agent=package.name, missing=path.relative_to(root), machine=machine
            )


def _run(
    what: str,
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    grows: Path,
    size: int,
    say: Say,
) -> None:
    """Run an installer; its progress is how much there is by now."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        end = time.monotonic() + DOWNLOAD_SECONDS
        shown = 0
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=1)
                    break
                done = _megabytes(grows)
                if done - shown >= max(20, size // 20):
                    shown = done
                    say("progress", done=done, size=size)
                if time.monotonic() >= end:
                    raise AgentError(
                        "too_slow", what=what, seconds=DOWNLOAD_SECONDS, detail=_last_lines(output.fileno())
                    )
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(timeout=10)
        if process.returncode != 0:
            raise AgentError(
                "failed", what=what, code=process.returncode, detail=_last_lines(output.fileno())
            )


def _last_lines(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    content = os.pread(descriptor, 4096, max(0, size - 4096)).decode(errors="replace")
    told = [line.strip() for line in content.splitlines() if line.strip() and "complete log" not in line]
    return " / ".join(told[-4:])


def _megabytes(root: Path) -> int:
    total = 0
    for directory, _, files in os.walk(root):
        for name in files:
            with suppress(OSError):
                total += (Path(directory) / name).lstat().st_size
    return total // MEGABYTE


def _handshake(package: AgentPackage, agent: InstalledAgent) -> None:
    """Start the agent as a session would and wait for its answer to `initialize`."""
    request = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": 1, "clientCapabilities": {}},
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as complaints:
        environment = {"HOME": home, "PATH": os.environ.get("PATH", os.defpath), **agent.env}
        process = subprocess.Popen(
            agent.command, cwd=home, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, process_group=0,
        )  # fmt: skip
        try:
            answer = _first_line(process, json.dumps(request).encode() + b"\n")
            if b'"protocolVersion"' not in answer:
                detail = answer.decode(errors="replace")[:300] or _last_lines(complaints.fileno())
                raise AgentError("no_handshake", agent=package.name, detail=detail)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait(timeout=10)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()


def _first_line(process: subprocess.Popen[bytes], request: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the agent was started without pipes")
    with suppress(BrokenPipeError):
        process.stdin.write(request)
        process.stdin.flush()
    end = time.monotonic() + HANDSHAKE_SECONDS
    received = b""
    while b"\n" not in received and (left := end - time.monotonic()) > 0:
        if select.select([process.stdout], [], [], left)[0]:
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                break
            received += piece
    return received.partition(b"\n")[0]


def _drop_older(home: Path, keep: set[str]) -> None:
    """Remove sets that nobody uses; the one before stays for sessions that run on it."""
    for path in home.iterdir():
        if path.is_dir() and path.name not in keep and path != manifest(home.parent, home.name):
            shutil.rmtree(path)
