"""Gives git the owner's token for one code host, and for no other.

Git asks a credential helper, a script of three lines beside a private file; both are in the launch's own folder, outside of
the workspace. So the token is in no address, no argument, no environment and no configuration, and a clone, a fetch and a
push of the agent find it alike. The agent can read what its git can read: that is in the threat model.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ccplant_contracts.launch import GitAccess, LaunchSpec

CloneAccess = Literal["no_token", "token_refused", "no_access", "sso", "ssh_key"]
"""What a clone was refused for, where it was refused for lack of access."""

_GITHUB = "https://github.com"
_ENV_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
_HELPER = """#!/bin/sh
# Git's credential helper of this session: answers for one host, with what is in a private file.
[ "$1" = get ] || exit 0
protocol= host=
while IFS='=' read -r name value && [ -n "$name" ]; do
  case "$name" in protocol) protocol=$value ;; host) host=$value ;; esac
done
[ "$protocol://$host" = {origin} ] || exit 0
exec cat {answer}
"""
_CONFIG = """# Made by ccplant for this session: what the system says, and where git gets the owner's token from.
[include]
\tpath = {system}
[credential "{origin}"]
\thelper =
\thelper = {helper}
"""


def chosen_access(spec: LaunchSpec) -> GitAccess | None:
    """Return the token that git is to use: the one that the session was given as `GITHUB_TOKEN`, else its owner's."""
    given = next((spec.env[name] for name in _ENV_TOKENS if spec.env.get(name)), None)
    if given is None:
        return spec.git
    return GitAccess(url=_GITHUB if spec.git is None else spec.git.url, token=given)


@dataclass(frozen=True)
class GitCredential:
    """A credential helper that is in place."""

    origin: str
    helper: str
    """As git's configuration names it."""
    system_config: Path
    answer: Path

    @classmethod
    def put(cls, access: GitAccess, folder: Path) -> GitCredential:
        """Write the helper and what it answers.

        Raises:
            ValueError: what is given could mean something else to git.
        """
        origin = access.url.rstrip("/").lower()
        if (
            re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?", origin)
            is None
        ):
            raise ValueError("the code host's address is not scheme, host and port")
        if not all(re.fullmatch(r"[\x21-\x7e]+", text) for text in (access.username, access.token)):
            raise ValueError("a credential of the code host has characters that it cannot have")
        answer, script, config = (
            folder / name for name in ("git-credential", "git-credential-helper", "git-config")
        )
        _write(answer, f"username={access.username}\npassword={access.token}\n")
        _write(script, _HELPER.format(origin=shlex.quote(origin), answer=shlex.quote(str(answer))))
        helper = f"!sh {shlex.quote(str(script))}"
        system = os.environ.get("GIT_CONFIG_SYSTEM", "/etc/gitconfig")
        _write(
            config,
            _CONFIG.format(system=_quoted(system), origin=origin, helper=_quoted(helper)),
        )
        return cls(origin, helper, config, answer)

    def options(self) -> list[str]:
        """Return it as options of one command, in which nothing else is configured."""
        key = f"credential.{self.origin}.helper"
        return [f"{key}=", f"{key}={self.helper}"]

    def environment(self) -> dict[str, str]:
        """Return it for the agent's git, below what the repository and the agent configure themselves."""
        return {"GIT_CONFIG_SYSTEM": str(self.system_config)}

    def remove(self) -> None:
        """Take the token away."""
        self.answer.unlink(missing_ok=True)


def lack_of_access(words: Iterable[str], *, with_token: bool) -> CloneAccess | None:
    """Tell from git's words whether, and why, a clone was refused for lack of access; pure."""
    said = "\n".join(words)
    if re.search(r"SAML SSO|single sign-on", said, re.IGNORECASE):
        return "sso"
    if re.search(r"Permission denied \(publickey|Host key verification failed", said):
        return "ssh_key"
    if re.search(r"could not read (Username|Password)|terminal prompts disabled", said):
        return "no_token"
    if re.search(r"Authentication failed|Invalid username or (token|password)|returned error: 401", said):
        return "token_refused" if with_token else "no_token"
    if re.search(
        r"[Rr]epository (not found|'[^']*' not found)|returned error: 403|not granted|[Aa]ccess denied", said
    ):
        return "no_access" if with_token else "no_token"
    return None


def git_environment(credential: GitCredential | None, given: Mapping[str, str]) -> dict[str, str]:
    """Return what agent and set-up get so that their git finds the token; a configuration of the session's own stays."""
    if credential is None or "GIT_CONFIG_SYSTEM" in given or "GIT_CONFIG_NOSYSTEM" in given:
        return {}
    return credential.environment()


def _quoted(text: str) -> str:
    """Return a value as git's configuration wants it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _write(path: Path, content: str) -> None:
    """Write a file that nobody else can read at any time."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
