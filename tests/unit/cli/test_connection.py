"""Which server is meant, and that a token never goes to another one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ccplant_cli.connection import Choice, default_data_dir, resolve
from ccplant_cli.exits import CliError, Exit


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    (tmp_path / "connection.json").write_text(
        json.dumps({"url": "http://127.0.0.1:8080", "token": "ccp_local", "pid": 1})
    )
    return tmp_path


def test_a_running_up_is_found_by_its_connection_file(data_dir: Path) -> None:
    target = resolve(Choice(data_dir=data_dir), {})
    assert (target.url, target.token, target.local, target.loopback) == (
        "http://127.0.0.1:8080",
        "ccp_local",
        True,
        True,
    )


def test_options_come_before_the_environment_and_that_before_the_file(data_dir: Path) -> None:
    environment = {"CCPLANT_URL": "https://env.example", "CCPLANT_TOKEN": "from-env"}
    assert resolve(Choice(data_dir=data_dir), environment).url == "https://env.example"
    target = resolve(Choice(url="https://given.example/", token="given", data_dir=data_dir), environment)
    assert (target.url, target.token, target.local) == ("https://given.example", "given", False)


def test_the_local_token_never_goes_to_another_address(data_dir: Path) -> None:
    assert resolve(Choice(url="https://elsewhere.example", data_dir=data_dir), {}).token is None
    assert resolve(Choice(url="http://127.0.0.1:9999", data_dir=data_dir), {}).token is None
    assert resolve(Choice(url="http://127.0.0.1:8080/", data_dir=data_dir), {}).token == "ccp_local"


def test_another_owners_token_is_used_at_the_local_address(data_dir: Path) -> None:
    target = resolve(Choice(data_dir=data_dir), {"CCPLANT_TOKEN": "alice"})
    assert (target.url, target.token) == ("http://127.0.0.1:8080", "alice")


def test_a_token_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("ccp_file\n")
    assert (
        resolve(Choice(url="http://h", token_file=tmp_path / "token", data_dir=tmp_path), {}).token
        == "ccp_file"
    )
    (tmp_path / "token").write_text("\n")
    with pytest.raises(CliError):
        resolve(Choice(url="http://h", token_file=tmp_path / "token", data_dir=tmp_path), {})


def test_without_any_server_the_sentence_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(CliError) as caught:
        resolve(Choice(data_dir=tmp_path), {})
    assert caught.value.code is Exit.UNREACHABLE
    assert "ccplant up" in caught.value.message


@pytest.mark.parametrize(
    "url",
    ["example.com", "ftp://h", "http://", "http://u:p@h", "http://h?token=x", "http://h:99999", "http://[x"],
)
def test_what_is_no_address_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(CliError) as caught:
        resolve(Choice(url=url, data_dir=tmp_path), {})
    assert caught.value.code is Exit.USAGE


def test_the_websocket_address_keeps_the_path_of_a_proxy(tmp_path: Path) -> None:
    target = resolve(Choice(url="https://h/ccplant", data_dir=tmp_path), {})
    assert target.websocket("/ws/sessions/s") == "wss://h/ccplant/ws/sessions/s"


def test_the_data_directory_is_where_xdg_says() -> None:
    assert default_data_dir({"XDG_DATA_HOME": "/x", "HOME": "/h"}) == Path("/x/ccplant")
    assert default_data_dir({"XDG_DATA_HOME": "relative", "HOME": "/h"}) == Path("/h/.local/share/ccplant")
    assert default_data_dir({"HOME": "/h"}) == Path("/h/.local/share/ccplant")
