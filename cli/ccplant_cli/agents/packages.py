"""The agents that can be installed: pinned npm packages, with hashes and without addresses, in this package's data.

Only what runs is installed. The adapter of Claude Code brings the native Claude Code that it was made with, in a
package per platform: there is one copy of it, and no install script is run.
"""

from __future__ import annotations

import hashlib
import platform
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ccplant_cli.agents.messages import AgentError

HERE = Path(__file__).parent
DEMO = "demo"


@dataclass(frozen=True)
class AgentPackage:
    """One agent that comes as npm packages."""

    name: str
    version: str
    files: Path
    """The directory of its package.json and package-lock.json."""
    entry: str
    """What Node runs, below node_modules."""
    native: str
    """The native program, below node_modules; `{platform}` is filled in."""
    native_variable: str
    """By which the entry is told where the native program is."""
    environment: MappingProxyType[str, str]
    megabytes: int

    @property
    def lock(self) -> str:
        """Fingerprint of the pinned set: another set is another directory."""
        content = (self.files / "package-lock.json").read_bytes()
        return hashlib.sha256(content).hexdigest()[:12]

    def native_program(self, root: Path) -> Path:
        return root / "node_modules" / self.native.format(platform=npm_platform())

    def entry_point(self, root: Path) -> Path:
        return root / "node_modules" / self.entry


def npm_platform() -> str:
    """Return npm's name for this machine, the C library included where it matters."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    musl = "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or "")
    return f"{platform.system().lower()}-{machine}{'-musl' if musl else ''}"


CLAUDE_CODE = AgentPackage(
    name="claude-code",
    version="2.1.318",
    files=HERE / "claude_code",
    entry="@agentclientprotocol/claude-agent-acp/dist/index.js",
    native="@anthropic-ai/claude-agent-sdk-{platform}/claude",
    native_variable="CLAUDE_CODE_EXECUTABLE",
    environment=MappingProxyType(
        {
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_TELEMETRY": "1",
        }
    ),
    megabytes=400,
)
PACKAGES: MappingProxyType[str, AgentPackage] = MappingProxyType({CLAUDE_CODE.name: CLAUDE_CODE})


def package_of(name: str) -> AgentPackage:
    """Return an agent by its name.

    Raises:
        AgentError: there is none of that name.
    """
    package = PACKAGES.get(name)
    if package is None:
        raise AgentError("unknown", agent=name, known=", ".join((DEMO, *PACKAGES)))
    return package
