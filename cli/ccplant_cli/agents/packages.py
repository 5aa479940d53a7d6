"""The agents that can be installed: pinned npm packages, with hashes and without addresses, in this package's data.

Only what runs is installed: an adapter, where there is one, and the native program that it was made with, in a package per
platform. No install script is run. What an agent needs besides (a filter, settings) is copied beside its packages.
"""

from __future__ import annotations

import hashlib
import platform
import sysconfig
from dataclasses import dataclass, field
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
    megabytes: int
    credentials: tuple[str, ...]
    """Variables that can hold its account: it needs one of them."""
    settings: tuple[str, ...] = ()
    """Other variables that it is given."""
    entry: str | None = None
    """What Node runs, below node_modules; None: the native program runs by itself."""
    arguments: tuple[str, ...] = ()
    native: str | None = None
    """The native program, below node_modules; `{platform}`, `{system}` and `{triple}` are filled in."""
    native_variable: str | None = None
    """By which the entry is told where the native program is."""
    own_files: tuple[str, ...] = ()
    """Beside package.json: what is copied beside its packages."""
    environment: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """`{root}` is where the packages and own files are."""

    @property
    def lock(self) -> str:
        """Fingerprint of the pinned set: another set is another directory."""
        fingerprint = hashlib.sha256()
        for file in ("package-lock.json", *self.own_files):
            fingerprint.update((self.files / file).read_bytes())
        return fingerprint.hexdigest()[:12]

    def native_program(self, root: Path) -> Path | None:
        """Return where the native program is, if it has one."""
        return None if self.native is None else root / "node_modules" / on_platform(self.native)

    def entry_point(self, root: Path) -> Path | None:
        """Return what Node runs, if it is that."""
        return None if self.entry is None else root / "node_modules" / self.entry

    def programs(self, root: Path) -> tuple[Path, ...]:
        """Return what has to be there after the installation."""
        own = (root / file for file in self.own_files)
        return tuple(path for path in (self.entry_point(root), self.native_program(root), *own) if path)

    def command(self, root: Path, node: Path) -> tuple[str, ...]:
        """Return what starts it."""
        entry = self.entry_point(root)
        program = (str(node), str(entry)) if entry is not None else (str(self.native_program(root)),)
        return (*program, *self.arguments)

    def variables(self, root: Path) -> dict[str, str]:
        """Return what it needs in its environment to find its parts."""
        given = {name: value.replace("{root}", str(root)) for name, value in self.environment.items()}
        if self.native_variable is not None:
            given[self.native_variable] = str(self.native_program(root))
        return given


_TRIPLES = MappingProxyType(
    {
        "linux-x64": "x86_64-unknown-linux-musl",
        "linux-arm64": "aarch64-unknown-linux-musl",
        "darwin-x64": "x86_64-apple-darwin",
        "darwin-arm64": "aarch64-apple-darwin",
    }
)


def on_platform(path: str) -> str:
    """Fill in how a package names this machine."""
    full = npm_platform()
    system = full.removesuffix("-musl")
    return path.format(platform=full, system=system, triple=_TRIPLES.get(system, system))


def npm_platform() -> str:
    """Return npm's name for this machine, the C library included where it matters."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    musl = "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or "")
    return f"{platform.system().lower()}-{machine}{'-musl' if musl else ''}"


CLAUDE_CODE = AgentPackage(
    name="claude-code",
    version="2.1.318",
    files=HERE / "claude_code",
    megabytes=400,
    credentials=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
    settings=("ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "CLAUDE_CODE_MAX_RETRIES"),
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
)
CODEX = AgentPackage(
    name="codex",
    version="0.166.0",
    files=HERE / "codex",
    megabytes=460,
    credentials=("OPENAI_API_KEY", "CODEX_API_KEY"),
    settings=("OPENAI_BASE_URL", "CODEX_CONFIG", "MODEL_PROVIDER"),
    entry="@agentclientprotocol/codex-acp/dist/index.js",
    native="@openai/codex-{system}/vendor/{triple}/bin/codex",
    native_variable="CODEX_BINARY",
    own_files=("codex-untrusting",),
    environment=MappingProxyType({"CODEX_PATH": "{root}/codex-untrusting"}),
)
GEMINI_CLI = AgentPackage(
    name="gemini-cli",
    version="0.61.0",
    files=HERE / "gemini_cli",
    megabytes=100,
    credentials=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    settings=(
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_VERTEX_BASE_URL",
        "GOOGLE_GENAI_USE_VERTEXAI",
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_CLOUD_LOCATION",
    ),
    entry="@google/gemini-cli/bundle/gemini.js",
    arguments=("--acp",),
    own_files=("system-settings.json",),
    environment=MappingProxyType({"GEMINI_CLI_SYSTEM_SETTINGS_PATH": "{root}/system-settings.json"}),
)
OPENCODE = AgentPackage(
    name="opencode",
    version="1.18.33",
    files=HERE / "opencode",
    megabytes=180,
    credentials=(
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "GOOGLE_GENERATIVE_AI_API_KEY",
        "OPENROUTER_API_KEY",
        "OPENCODE_API_KEY",
    ),
    settings=(
        "ANTHROPIC_BASE_URL",
        "OPENAI_BASE_URL",
        "OPENCODE_CONFIG_CONTENT",
        "OPENCODE_PERMISSION",
    ),
    native="opencode-{platform}/bin/opencode",
    arguments=("acp",),
)
PACKAGES: MappingProxyType[str, AgentPackage] = MappingProxyType(
    {package.name: package for package in (CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE)}
)


def package_of(name: str) -> AgentPackage:
    """Return an agent by its name.

    Raises:
        AgentError: there is none of that name.
    """
    package = PACKAGES.get(name)
    if package is None:
        raise AgentError("unknown", agent=name, known=", ".join((DEMO, *PACKAGES)))
    return package
