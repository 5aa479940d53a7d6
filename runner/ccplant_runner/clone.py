"""Clones the session's repository, as hostile input and with git's own words when it fails.

Git runs with nothing of this machine's configuration and with everything off by which a repository, or a server, could
have a program run here: hooks, templates, file-system monitors, odd transports. It never waits for somebody to type a
password.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ccplant_platform.redaction import Redactor
from ccplant_runner.child import run_program
from ccplant_runner.git_access import CloneAccess, GitCredential, lack_of_access

_PROTOCOLS = ("https", "http", "ssh", "git", "file")
_SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=",
    "init.templateDir=",
    "protocol.allow=never",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
)
_PROGRESS = re.compile(r"^(remote: )?[A-Z][A-Za-z ]+: +\d+% ")
_WORDS_KEPT = 20


class CloneFailedError(Exception):
    """Git said no; the message is its own words, without credentials."""

    def __init__(self, detail: str, exit_code: int | None, access: CloneAccess | None = None) -> None:
        super().__init__(detail)
        self.exit_code = exit_code
        self.access = access
        """What kind of access was missing, where that is why."""


async def clone(
    repository: str,
    branch: str | None,
    workspace: Path,
    *,
    env: Mapping[str, str],
    redactor: Redactor,
    on_line: Callable[[str], None],
    credential: GitCredential | None = None,
) -> bool:
    """Clone into the workspace; return False where a kept volume holds it already.

    Raises:
        CloneFailedError: it cannot be cloned, and why.
    """
    if (workspace / ".git").exists():
        return False
    words: deque[str] = deque(maxlen=_WORDS_KEPT)
    throttle = _ProgressFilter()

    def line(text: str) -> None:
        if not throttle.passes(text):
            return
        if not _PROGRESS.match(text) and not text.startswith("Cloning into "):
            words.append(redactor(text))
        on_line(text)

    try:
        code = await run_program(
            clone_command(repository, branch, workspace, credential),
            cwd=workspace,
            env=_git_environment(env),
            on_line=line,
        )
    except OSError as error:
        raise CloneFailedError(f"git cannot be started: {error.strerror or error}", None) from error
    if code != 0:
        access = lack_of_access(
            words, with_token=credential is not None and _is_at(repository, credential.origin)
        )
        raise CloneFailedError("\n".join(words) or f"git ended with {code}", code, access)
    return True


def clone_command(
    repository: str, branch: str | None, workspace: Path, credential: GitCredential | None = None
) -> list[str]:
    """Return the command line; nothing of the repository's address can be taken for an option."""
    options = [*_SAFE, *(f"protocol.{name}.allow=always" for name in _PROTOCOLS)]
    if credential is not None:
        # where the token is to be had, not the token: arguments are readable by everybody
        options += credential.options()
    command = ["git", *(word for option in options for word in ("-c", option)), "clone", "--progress"]
    if branch is not None:
        command += ["--branch", branch]
    if branch is not None and urlsplit(repository).scheme != "file":
        command += ["--single-branch"]
    return [*command, "--", repository, str(workspace)]


def _is_at(repository: str, origin: str) -> bool:
    return repository.lower().startswith(f"{origin}/")


def _git_environment(env: Mapping[str, str]) -> dict[str, str]:
    return {
        **{name: value for name, value in env.items() if not name.startswith("GIT_")},
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ALLOW_PROTOCOL": ":".join(_PROTOCOLS),
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oStrictHostKeyChecking=accept-new",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C",
    }


class _ProgressFilter:
    """Lets one line of progress through per second: git writes hundreds."""

    def __init__(self) -> None:
        self._next = 0.0

    def passes(self, text: str) -> bool:
        if not _PROGRESS.match(text):
            return True
        now = asyncio.get_running_loop().time()
        if now < self._next and "100%" not in text:
            return False
        self._next = now + 1
        return True
