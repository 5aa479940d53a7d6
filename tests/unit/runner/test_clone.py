"""Cloning: git's own words without credentials, nothing of the repository is run, nothing is asked for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ccplant_contracts.launch import GitAccess
from ccplant_platform.redaction import Redactor
from ccplant_runner.clone import CloneFailedError, clone, clone_command
from ccplant_runner.git_access import GitCredential

TOKEN = "ghp_" + "a1B2" * 9


def git(folder: Path, *arguments: str) -> str:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
           "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}  # fmt: skip
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with two branches and two commits."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for name in ("one", "two"):
        (folder / name).write_text(name)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", name)
    git(folder, "branch", "side", "HEAD~1")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


async def cloned(
    repository: str, branch: str | None, workspace: Path, lines: list[str] | None = None
) -> bool:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(workspace.parent),
        "GITHUB_TOKEN": TOKEN,
        "GIT_DIR": "/nonsense",
    }
    said = lines if lines is not None else []
    return await clone(
        repository, branch, workspace, env=env, redactor=Redactor([TOKEN]), on_line=said.append
    )


async def test_the_whole_history_is_cloned(origin: Path, workspace: Path) -> None:
    assert await cloned(f"file://{origin}", None, workspace)
    assert git(workspace, "log", "--format=%s") == "two\none"


async def test_a_branch_is_checked_out(origin: Path, workspace: Path) -> None:
    await cloned(f"file://{origin}", "side", workspace)
    assert git(workspace, "branch", "--show-current") == "side"
    assert not (workspace / "two").exists()


async def test_a_workspace_that_was_kept_is_left_as_it_is(origin: Path, workspace: Path) -> None:
    await cloned(f"file://{origin}", None, workspace)
    (workspace / "mine").write_text("x")
    assert not await cloned("file:///nonsense", None, workspace)
    assert (workspace / "mine").exists()


@pytest.mark.parametrize(
    ("repository", "branch", "words"),
    [
        ("file:///does/not/exist", None, "^fatal: '/does/not/exist' does not appear to be a git repository"),
        ("https://127.0.0.1:1/x", None, "127.0.0.1"),
        ("ext::sh -c touch% /tmp/owned", None, "not allowed"),
    ],
)
async def test_a_failure_is_told_in_gits_own_words(
    workspace: Path, repository: str, branch: str | None, words: str
) -> None:
    with pytest.raises(CloneFailedError, match=words) as caught:
        await cloned(repository, branch, workspace)
    assert caught.value.exit_code == 128


async def test_a_branch_that_is_not_there_is_named(origin: Path, workspace: Path) -> None:
    with pytest.raises(CloneFailedError, match="Remote branch nowhere not found"):
        await cloned(f"file://{origin}", "nowhere", workspace)


async def test_credentials_are_in_no_word_that_git_says(workspace: Path) -> None:
    lines: list[str] = []
    with pytest.raises(CloneFailedError) as caught:
        await cloned(f"https://user:{TOKEN}@127.0.0.1:1/x", None, workspace, lines)
    assert TOKEN not in str(caught.value)


def test_the_token_is_not_in_the_arguments_and_the_address_is_no_option(tmp_path: Path) -> None:
    credential = GitCredential.put(GitAccess(url="https://github.com", token=TOKEN), tmp_path)
    command = clone_command("--upload-pack=touch /tmp/owned", None, Path("/w"), credential)
    assert TOKEN not in " ".join(command)
    assert command.index("--") < command.index("--upload-pack=touch /tmp/owned")


async def test_hooks_of_a_template_are_not_run(
    origin: Path, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/owned\n")
    (hooks / "post-checkout").chmod(0o755)
    (tmp_path / ".gitconfig").write_text(
        f"[init]\n templateDir = {tmp_path}/template\n[core]\n hooksPath = {hooks}\n"
    )
    await cloned(f"file://{origin}", None, workspace)
    assert not (tmp_path / "owned").exists()
