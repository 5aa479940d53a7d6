"""The data directory: private from the first byte, one holder at a time."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ccplant_cli.up.data_dir import DataDir, keep_secret, write_private
from ccplant_cli.up.errors import UpError


def test_a_private_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_private(tmp_path / "secret", "one")
        write_private(tmp_path / "secret", "two")
    finally:
        os.umask(before)
    assert (tmp_path / "secret").read_text() == "two"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    first = keep_secret(tmp_path / "secret", prefix="ccp_")
    assert first.startswith("ccp_")
    assert len(first) >= 40
    assert keep_secret(tmp_path / "secret", prefix="ccp_") == first


def test_the_lock_admits_one_and_names_it(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    data.create()
    held = data.lock()
    with pytest.raises(UpError, match=str(os.getpid())) as refusal:
        data.lock()
    assert refusal.value.key == "data_dir_in_use"
    os.close(held)
    os.close(data.lock())


def test_a_directory_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    DataDir(tmp_path / "data").create()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_path_that_is_no_directory_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UpError) as refusal:
        DataDir(tmp_path / "file").create()
    assert refusal.value.key == "data_dir_unusable"


@pytest.mark.parametrize("content", ["", "[]", '{"nats": "x"}', "{"])
def test_ports_that_cannot_be_read_are_chosen_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "ports.json").write_text(content)
    assert DataDir(tmp_path).remembered_ports() == {}


def test_ports_are_remembered(tmp_path: Path) -> None:
    DataDir(tmp_path).remember_ports({"nats": 4222})
    assert DataDir(tmp_path).remembered_ports() == {"nats": 4222}
