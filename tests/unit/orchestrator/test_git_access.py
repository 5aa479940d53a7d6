"""Which sessions get their owner's token, what the specification does with it, and what a refused clone says."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ccplant_contracts.launch import BusAccess, GitAccess, LastWord
from ccplant_contracts.status import Reason
from ccplant_orchestrator.runtimes.protocol import ExitRecord
from ccplant_orchestrator.sessions.ending import judge_exit
from ccplant_orchestrator.sessions.git_access import is_at
from ccplant_orchestrator.sessions.launching import AgentDefaults, launch_spec
from ccplant_orchestrator.settings import OrchestratorSettings
from tests.unit.orchestrator.sessions import NOW, launch, session

TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("repository", "at"),
    [
        ("https://github.com/octo/x", True),
        ("https://GitHub.com/octo/x.git", True),
        ("https://github.com:443/octo/x", True),
        ("https://github.com.evil.example/octo/x", False),
        ("https://evil.example/github.com/x", False),
        ("https://evil.example/?https://github.com/", False),
        ("http://github.com/octo/x", False),
        ("https://github.com:8443/octo/x", False),
        ("https://github.com:x/octo/x", False),
        ("ssh://git@github.com/octo/x", False),
        ("git@github.com:octo/x", False),
        ("file:///etc", False),
        (None, False),
    ],
)
def test_only_a_repository_at_the_code_host_itself_gets_the_token(repository: str | None, at: bool) -> None:
    assert is_at(repository, "https://github.com") is at


@pytest.mark.parametrize(
    "url", ["http://github.com", "github.com", "https://x@github.com", "https://github.com/api", "https://"]
)
def test_the_code_hosts_address_is_one_that_tokens_may_go_to(url: str) -> None:
    with pytest.raises(ValidationError, match="github_url"):
        OrchestratorSettings(github_url=url)


class Issuer:
    def work(self, launch_id: str) -> BusAccess:
        return BusAccess(url="nats://x", inbox_prefix=launch_id)

    def renewal(self, launch_id: str) -> BusAccess:
        return self.work(launch_id)


def test_the_specification_lists_the_token_among_what_is_masked() -> None:
    access = GitAccess(url="https://github.com", token=TOKEN)
    spec = launch_spec(
        session(), launch(), issue=Issuer(), agents=AgentDefaults("demo"), start_timeout_seconds=1, git=access
    )
    assert spec.git == access
    assert TOKEN in spec.secrets
    assert TOKEN not in str(spec.env)


@pytest.mark.parametrize(
    ("access", "hint"),
    [
        ("no_token", "GITHUB_TOKEN"),
        ("token_refused", "expired"),
        ("no_access", "Contents: read"),
        ("sso", "single sign-on"),
        ("ssh_key", "https://"),
        (None, "Check the URL"),
        ("<b>", "Check the URL"),
        (["no_token"], "Check the URL"),
    ],
)
def test_a_clone_that_was_refused_says_what_to_do_in_both_languages(access: object, hint: str) -> None:
    evidence = {} if access is None else {"access": access}
    word = LastWord(reason=Reason.CLONE_FAILED, detail="fatal: no", exit_code=128, evidence=evidence)
    end = judge_exit(session(), ExitRecord(exit_code=1, last_word=word), NOW)
    diagnosis = end.diagnosis()
    assert (end.reason, diagnosis.code) == (Reason.CLONE_FAILED, "clone_failed")
    assert "fatal: no" in diagnosis.message["en"]
    assert "fatal: no" in diagnosis.message["ja"]
    assert hint in diagnosis.hint["en"]
    assert diagnosis.hint["ja"] != diagnosis.hint["en"]


def test_a_word_about_a_clone_changes_no_other_end() -> None:
    word = LastWord(reason=Reason.AGENT_CRASHED, exit_code=1, evidence={"access": "no_token"})
    end = judge_exit(session(), ExitRecord(exit_code=1, last_word=word), NOW)
    assert "GITHUB_TOKEN" not in str(end.diagnosis().hint)
