"""Whose account an agent uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ccplant_cli.agents.credentials import (
    CREDENTIAL_VARIABLES,
    agent_environment,
    require_credentials,
    require_ready,
)
from ccplant_cli.agents.packages import PACKAGES
from ccplant_cli.up.errors import UpError


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a data directory that has claude-code."""
    home = tmp_path / "data" / "agents" / "claude-code"
    home.mkdir(parents=True)
    program = home / "program"
    program.write_text("")
    agent = {"name": "claude-code", "version": "1", "lock": "x", "command": [str(program)], "env": {}}
    (home / "agent.json").write_text(json.dumps(agent))
    return tmp_path / "data"


def signed_in(home: Path) -> Path:
    (home / ".claude").mkdir(parents=True)
    (home / ".claude" / ".credentials.json").write_text("{}")
    return home


@pytest.mark.parametrize("name", [name for name in PACKAGES if name != "claude-code"])
def test_an_agent_without_an_account_says_which_variables_it_needs(name: str) -> None:
    with pytest.raises(UpError) as refused:
        require_credentials(name, {"HOME": "/nobody", "PATH": "/bin"})
    assert refused.value.key == "agent_no_key"
    for variable in PACKAGES[name].credentials:
        assert variable in str(refused.value)
        require_credentials(name, {"HOME": "/nobody", variable: "x"})


def test_an_agent_does_not_get_the_account_of_another() -> None:
    everything = {name: "x" for package in PACKAGES.values() for name in package.credentials}
    assert everything.keys() == CREDENTIAL_VARIABLES
    for name, package in PACKAGES.items():
        assert agent_environment(name, everything).keys() == set(package.credentials)


def refusal(agent: str, data_dir: Path, **environment: str) -> str | None:
    try:
        require_ready(agent, data_dir, explicit_dir=True, environment=environment)
    except UpError as error:
        return error.key
    return None


def test_each_missing_part_is_named(installed: Path, tmp_path: Path) -> None:
    home = str(tmp_path / "nobody")
    assert refusal("demo", tmp_path, HOME=home) is None
    assert refusal("claude", installed, HOME=home) == "agent_unknown"
    assert refusal("claude-code", tmp_path, HOME=home, ANTHROPIC_API_KEY="x") == "agent_not_installed"
    assert refusal("claude-code", installed, HOME=home) == "agent_no_credentials"
    assert refusal("claude-code", installed, HOME=home, ANTHROPIC_API_KEY="") == "agent_no_credentials"
    assert refusal("claude-code", installed, HOME=home, ANTHROPIC_API_KEY="x") is None
    assert refusal("claude-code", installed, HOME=str(signed_in(tmp_path / "ann"))) is None


def test_claudes_own_sign_in_is_used_where_it_is(tmp_path: Path) -> None:
    home = signed_in(tmp_path)
    assert agent_environment("claude-code", {"HOME": str(home)}) == {
        "CLAUDE_CONFIG_DIR": str(home / ".claude")
    }


def test_a_key_goes_before_the_sign_in(tmp_path: Path) -> None:
    home = signed_in(tmp_path)
    given = agent_environment("claude-code", {"HOME": str(home), "ANTHROPIC_API_KEY": "x"})
    assert given == {"ANTHROPIC_API_KEY": "x"}


def test_an_agent_gets_its_own_and_nothing_else(tmp_path: Path) -> None:
    environment = {
        "HOME": str(tmp_path),
        "ANTHROPIC_API_KEY": "x",
        "HTTPS_PROXY": "http://proxy",
        "AWS_SECRET_ACCESS_KEY": "y",
    }
    assert agent_environment("claude-code", environment) == {
        "ANTHROPIC_API_KEY": "x",
        "HTTPS_PROXY": "http://proxy",
    }
    assert agent_environment("demo", environment) == {}


def test_a_sign_in_of_this_machine_is_of_no_use_in_a_pod(tmp_path: Path) -> None:
    home = signed_in(tmp_path)
    assert agent_environment("claude-code", {"HOME": str(home)}, in_pods=True) == {}
    with pytest.raises(UpError):
        require_credentials("claude-code", {"HOME": str(home)})
    require_credentials("claude-code", {"HOME": str(home), "ANTHROPIC_API_KEY": "x"})
