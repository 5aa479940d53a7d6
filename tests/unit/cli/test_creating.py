"""What the options of `session create` become, and that a secret is never taken from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ccplant_cli.commands.session_options import mcp_servers, pairs, secrets, without_empty
from ccplant_cli.exits import CliError, Exit


def test_a_pair_may_hold_further_equals_signs() -> None:
    assert pairs(("A=1", "B=x=y", "C="), "--env") == {"A": "1", "B": "x=y", "C": ""}
    for wrong in ("A", "=x"):
        with pytest.raises(CliError):
            pairs((wrong,), "--env")


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    assert secrets(("TOKEN", f"KEY=@{tmp_path / 'key'}"), {"TOKEN": "t"}) == {"TOKEN": "t", "KEY": "s3cret"}


def test_a_secret_on_the_command_line_is_refused_without_repeating_it() -> None:
    with pytest.raises(CliError) as caught:
        secrets(("TOKEN=hunter2",), {})
    assert caught.value.code is Exit.USAGE
    assert "hunter2" not in caught.value.message
    with pytest.raises(CliError):
        secrets(("UNSET",), {})


@pytest.mark.parametrize("wrapped", [False, True])
def test_mcp_servers_are_read_as_other_tools_write_them(tmp_path: Path, wrapped: bool) -> None:
    servers = {"github": {"command": "npx", "args": ["-y", "server"]}}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": servers} if wrapped else servers))
    assert mcp_servers(tmp_path / "mcp.json") == servers


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a": 1}', '{"mcpServers": {}}'])
def test_what_is_no_file_of_mcp_servers_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "mcp.json").write_text(text)
    with pytest.raises(CliError):
        mcp_servers(tmp_path / "mcp.json")


def test_zero_is_a_value_and_stays() -> None:
    assert without_empty({"a": 0, "b": None, "c": False, "d": {}, "e": ""}) == {"a": 0, "e": ""}
