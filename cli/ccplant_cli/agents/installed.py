"""What is installed: `agents/NAME/agent.json` names the program of the set that is in use.

A set lives in a directory of its own (`agents/NAME/LOCK/`) and the file is replaced as a whole, so an installation that was
cut off changes nothing, and sessions that run keep the set that they began with.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ccplant_cli.up.data_dir import write_private


@dataclass(frozen=True)
class InstalledAgent:
    """One agent that can be started."""

    name: str
    version: str
    lock: str
    command: tuple[str, ...]
    """The program that speaks ACP on its standard streams, with absolute paths."""
    env: dict[str, str]

    def complete(self) -> bool:
        """Whether the files are there."""
        return all(Path(part).exists() for part in self.command) and all(
            Path(value).exists() for value in self.env.values() if value.startswith("/")
        )


def manifest(agents: Path, name: str) -> Path:
    """Return the file that names the set in use."""
    return agents / name / "agent.json"


def save(agents: Path, agent: InstalledAgent) -> None:
    """Put a set to use."""
    write_private(manifest(agents, agent.name), json.dumps(asdict(agent), indent=2) + "\n")


def load(agents: Path, name: str) -> InstalledAgent | None:
    """Return what is installed under a name, if it is whole."""
    try:
        content = json.loads(manifest(agents, name).read_text(encoding="utf-8"))
        found = InstalledAgent(
            name=str(content["name"]),
            version=str(content["version"]),
            lock=str(content["lock"]),
            command=tuple(str(part) for part in content["command"]),
            env={str(key): str(value) for key, value in content["env"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if found.complete() else None


def installed_agents(agents: Path) -> tuple[str, ...]:
    """Return the names of all that is installed and whole."""
    if not agents.is_dir():
        return ()
    names = sorted(path.name for path in agents.iterdir() if (path / "agent.json").is_file())
    return tuple(name for name in names if load(agents, name) is not None)
