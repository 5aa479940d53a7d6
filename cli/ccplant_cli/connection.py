"""Which server a command talks to, and as whom.

Options come first, then the environment, then what a running `ccplant up` left in its data directory. The
token from that file is given to its own address alone: a token must never follow an address typed by hand.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit
from ccplant_cli.language import say

CONNECTION_FILE = "connection.json"
_LOOPBACK = ("localhost", "::1")


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line says about the connection."""

    url: str | None = None
    token: str | None = None
    token_file: Path | None = None
    data_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A server, and the token for it; `local` is true where `ccplant up` of this machine is meant."""

    url: str
    token: str | None
    local: bool

    @property
    def loopback(self) -> bool:
        """Whether the address is of this machine, so that no proxy may stand in between."""
        host = urlsplit(self.url).hostname or ""
        return host in _LOOPBACK or host.startswith("127.")

    def websocket(self, path: str) -> str:
        """Return the WebSocket address of a path."""
        return "ws" + self.url.removeprefix("http") + path


def default_data_dir(environment: Mapping[str, str]) -> Path:
    """Return where `ccplant up` keeps its data unless told otherwise."""
    base = environment.get("XDG_DATA_HOME")
    if base and Path(base).is_absolute():
        return Path(base) / "ccplant"
    return Path(environment.get("HOME") or Path.home()) / ".local" / "share" / "ccplant"


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
        parts = urlsplit("")
    if not good or parts.username or parts.password or parts.query or parts.fragment:
        raise CliError(say("error.url"), Exit.USAGE)
    return url.rstrip("/")


def _read_token(path: Path) -> str:
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(say("error.token_file", path=path, cause=error), Exit.USAGE) from error
    if not token:
        raise CliError(say("error.token_file_empty", path=path), Exit.USAGE)
    return token


def resolve(choice: Choice, environment: Mapping[str, str] | None = None) -> Target:
    """Find the server and the token.

    Raises:
        CliError: there is no address, or it is not one.
    """
    environment = os.environ if environment is None else environment
    data_dir = choice.data_dir or default_data_dir(environment)
    try:
        left = Document.parse((data_dir / CONNECTION_FILE).read_bytes())
    except FileNotFoundError:
        left = Document()
    except OSError as error:
        raise CliError(say("error.connection_file", path=data_dir / CONNECTION_FILE, cause=error)) from error
    token = choice.token or (_read_token(choice.token_file) if choice.token_file else None)
    token = token or environment.get("CCPLANT_TOKEN") or None
    given = choice.url or environment.get("CCPLANT_URL")
    here = left.text("url").rstrip("/")
    if not given and not here:
        raise CliError(say("error.no_server", data_dir=data_dir), Exit.UNREACHABLE)
    url = _checked(given or here)
    local = url == here
    if token and not (token.isascii() and token.isprintable()):
        raise CliError(say("error.token"), Exit.USAGE)
    return Target(url=url, token=token or (left.text("token") or None if local else None), local=local)
