"""The owner's token goes to its host and to no other, and stands in nothing that git or a process list shows."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccplant_contracts.launch import BusAccess, GitAccess, LaunchSpec
from ccplant_contracts.policy import PermissionPolicy, PolicyMode
from ccplant_contracts.session import Mode
from ccplant_platform.redaction import Redactor
from ccplant_runner.clone import CloneFailedError, clone
from ccplant_runner.git_access import GitCredential, chosen_access, git_environment, lack_of_access
from tests.support.git_server import GitServer, git, git_server

TOKEN = "ghp_" + "a1B2" * 9
MakeCredential = Callable[[str], GitCredential]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "served", TOKEN) as found:
        yield found


@pytest.fixture
def other(tmp_path: Path) -> Iterator[GitServer]:
    """Another host, which wants a token too and would be glad of this one."""
    with git_server(tmp_path / "elsewhere", "another-token") as found:
        yield found


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state with 'quotes' \"and\" blanks"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def credential_for(url: str, state: Path, token: str = TOKEN) -> GitCredential:
    return GitCredential.put(GitAccess(url=url, token=token), state)


async def cloned(
    url: str, workspace: Path, credential: GitCredential | None, lines: list[str] | None = None
) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(workspace.parent)}
    said = [] if lines is None else lines
    await clone(
        url, None, workspace, env=env, redactor=Redactor([TOKEN]), on_line=said.append, credential=credential
    )


def files_with(secret: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


async def test_a_private_repository_is_cloned_and_the_workspace_knows_no_token(
    server: GitServer, state: Path, workspace: Path
) -> None:
    url = server.repository("octo/private", {"src/one": "1"})
    lines: list[str] = []
    await cloned(url, workspace, credential_for(server.url, state), lines)
    assert (workspace / "src" / "one").read_text() == "1"
    assert files_with(TOKEN, workspace) == []
    assert "credential" not in (workspace / ".git" / "config").read_text()
    assert TOKEN not in "\n".join(lines)


async def test_the_agents_git_fetches_and_pushes_by_the_same_helper(
    server: GitServer, state: Path, workspace: Path
) -> None:
    await cloned(server.repository("octo/private"), workspace, found := credential_for(server.url, state))
    env = {**found.environment(), "GIT_TERMINAL_PROMPT": "0"}
    assert TOKEN not in str(env)
    (workspace / "two").write_text("2")
    git(workspace, "config", "user.email", "agent@example.com", env=env)
    git(workspace, "config", "user.name", "agent", env=env)
    git(workspace, "add", ".", env=env)
    git(workspace, "commit", "-q", "-m", "second", env=env)
    git(workspace, "push", "-q", "origin", "main", env=env)
    git(workspace, "fetch", "-q", "origin", env=env)
    assert git(server.root / "octo" / "private", "log", "--format=%s") == "second\nfirst"
    assert files_with(TOKEN, workspace) == []


async def test_without_a_token_the_clone_says_that_one_is_missing(server: GitServer, workspace: Path) -> None:
    with pytest.raises(CloneFailedError) as caught:
        await cloned(server.repository("octo/private"), workspace, None)
    assert caught.value.access == "no_token"


async def test_a_token_that_is_refused_or_may_not_is_told_apart(
    server: GitServer, state: Path, workspace: Path
) -> None:
    url = server.repository("octo/private")
    with pytest.raises(CloneFailedError) as caught:
        await cloned(url, workspace, credential_for(server.url, state, "expired"))
    assert caught.value.access == "token_refused"
    found = credential_for(server.url, state)
    with pytest.raises(CloneFailedError) as caught:
        await cloned(f"{server.url}/octo/nowhere", workspace, found)
    assert caught.value.access == "no_access"
    server.refusal = (403, "Write access to repository not granted.\n")
    with pytest.raises(CloneFailedError) as caught:
        await cloned(url, workspace, found)
    assert caught.value.access == "no_access"


async def test_another_host_is_never_shown_the_token(
    server: GitServer, other: GitServer, state: Path, workspace: Path
) -> None:
    found = credential_for(server.url, state)
    with pytest.raises(CloneFailedError) as caught:
        await cloned(other.repository("octo/private"), workspace, found)
    assert caught.value.access == "no_token"
    assert other.requests
    assert other.credentials == []


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_a_redirect_to_another_host_does_not_take_the_token_along(
    server: GitServer, other: GitServer, state: Path, workspace: Path, name: str
) -> None:
    other.repository("octo/private")
    server.redirect = other.url.replace("127.0.0.1", name)
    with pytest.raises(CloneFailedError):
        await cloned(f"{server.url}/octo/private", workspace, credential_for(server.url, state))
    assert other.requests
    assert other.credentials == []


async def test_a_redirect_after_the_token_was_shown_does_not_take_it_along_either(
    server: GitServer, other: GitServer, state: Path, workspace: Path
) -> None:
    url = server.repository("octo/private")
    other.repository("octo/private")

    class Later(list[str]):
        """The host begins to redirect when it has seen the token."""

        def append(self, header: str) -> None:
            super().append(header)
            server.redirect = other.url.replace("127.0.0.1", "localhost")

    server.credentials = Later()
    with pytest.raises(CloneFailedError):
        await cloned(url, workspace, credential_for(server.url, state))
    assert server.credentials
    assert other.requests
    assert other.credentials == []


async def test_a_submodule_elsewhere_is_not_fetched_and_gets_no_token_from_the_agents_git(
    server: GitServer, other: GitServer, state: Path, workspace: Path
) -> None:
    evil = other.repository("octo/evil")
    modules = f'[submodule "x"]\n\tpath = x\n\turl = {evil}\n'
    url = server.repository("octo/private", {".gitmodules": modules, "README": "x"})
    work = server.root / "octo-private.work"
    head = git(work, "rev-parse", "HEAD")
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{head},x")
    git(work, "commit", "-q", "-m", "a submodule")
    git(work, "push", "-q", str(server.root / "octo/private"), "main")
    await cloned(url, workspace, found := credential_for(server.url, state))
    assert other.requests == []
    env = {"PATH": os.environ["PATH"], "HOME": str(state), **found.environment(), "GIT_TERMINAL_PROMPT": "0"}
    update = await asyncio.to_thread(
        subprocess.run,
        ["git", "submodule", "update", "--init"],
        cwd=workspace,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert update.returncode != 0
    assert other.requests
    assert other.credentials == []


def test_what_git_asks_the_helper_about_other_hosts_has_no_answer(state: Path) -> None:
    found = credential_for("https://github.com", state)
    script = state / "git-credential-helper"

    def ask(question: str, verb: str = "get") -> str:
        return subprocess.run(
            ["sh", str(script), verb], input=question, capture_output=True, text=True, check=True
        ).stdout

    assert ask("protocol=https\nhost=github.com\n\n") == f"username=x-access-token\npassword={TOKEN}\n"
    for question in (
        "protocol=http\nhost=github.com\n\n",
        "protocol=https\nhost=github.com.evil.example\n\n",
        "protocol=https\nhost=evil.example\npath=github.com\n\n",
        "protocol=https\nhost=github.com:8443\n\n",
        "protocol=https\nhost=evil.example\n\nhost=github.com\n",
        "",
    ):
        assert ask(question) == "", question
    for verb in ("store", "erase"):
        assert ask("protocol=https\nhost=github.com\n\n", verb) == ""
    found.remove()
    assert files_with(TOKEN, state) == []


def test_only_the_owner_reads_the_files_and_one_of_them_has_the_token(state: Path) -> None:
    found = credential_for("https://github.com", state)
    assert files_with(TOKEN, state) == [found.answer]
    for path in state.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    # again, as after a restart: what is there is replaced
    assert credential_for("https://github.com", state, "ghp_next").answer.read_text().endswith("ghp_next\n")


@pytest.mark.parametrize(
    "access",
    [
        GitAccess(url="https://github.com/octo", token=TOKEN),
        GitAccess(url='https://git"hub.com', token=TOKEN),
        GitAccess(url="https://x@github.com", token=TOKEN),
        GitAccess(url="file:///etc", token=TOKEN),
        GitAccess(url="https://github.com", token="two\nlines"),
        GitAccess(url="https://github.com", token=""),
    ],
)
def test_what_could_mean_something_else_to_git_is_refused(access: GitAccess, state: Path) -> None:
    with pytest.raises(ValueError, match="code host"):
        GitCredential.put(access, state)
    assert list(state.iterdir()) == []


def test_a_configuration_of_the_sessions_own_stays(state: Path) -> None:
    found = credential_for("https://github.com", state)
    assert git_environment(found, {})["GIT_CONFIG_SYSTEM"] == str(found.system_config)
    assert git_environment(found, {"GIT_CONFIG_SYSTEM": "/mine"}) == {}
    assert git_environment(None, {}) == {}


def test_a_token_that_the_session_was_given_goes_before_its_owners() -> None:
    def spec(env: dict[str, str], git: GitAccess | None) -> LaunchSpec:
        bus = BusAccess(url="nats://x", inbox_prefix="_INBOX_x")
        return LaunchSpec(
            session_id="session-a-0", launch_id="l", attempt=1, owner="a", mode=Mode.INTERACTIVE, bus=bus, workspace="/w",
            state_dir="/s", agent="demo", policy=PermissionPolicy(mode=PolicyMode.ASK), env=env, git=git,
        )  # fmt: skip

    owners = GitAccess(url="https://git.example", token="owners")
    assert chosen_access(spec({}, owners)) == owners
    given = chosen_access(spec({"GITHUB_TOKEN": "given"}, owners))
    assert given == GitAccess(url="https://git.example", token="given")
    assert chosen_access(spec({"GH_TOKEN": "given"}, None)) == GitAccess(
        url="https://github.com", token="given"
    )
    assert chosen_access(spec({"GITHUB_TOKEN": ""}, None)) is None


@pytest.mark.parametrize(
    ("words", "with_token", "access"),
    [
        ("remote: Repository not found.\nfatal: repository 'https://github.com/a/b/' not found", True, "no_access"),
        ("fatal: repository 'https://github.com/a/b/' not found", False, "no_token"),
        ("fatal: could not read Username for 'https://github.com': terminal prompts disabled", False, "no_token"),
        ("remote: Invalid username or token.\nfatal: Authentication failed for 'https://github.com/a/b/'", True,
         "token_refused"),
        ("remote: Write access to repository not granted.\nfatal: ... returned error: 403", True, "no_access"),
        ("remote: The `acme' organization has enabled or enforced SAML SSO.\nfatal: ... returned error: 403", True, "sso"),
        ("git@github.com: Permission denied (publickey).", True, "ssh_key"),
        ("fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com", True, None),
        ("fatal: Remote branch nowhere not found in upstream origin", True, None),
        ("", True, None),
    ],
)  # fmt: skip
def test_gits_words_tell_what_access_was_missing(words: str, with_token: bool, access: str | None) -> None:
    assert lack_of_access(words.split("\n"), with_token=with_token) == access
