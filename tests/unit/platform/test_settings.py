"""Settings: from the environment, secrets from files, all described."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ccplant_platform.private_files import write_private
from ccplant_platform.settings import BusSettings, LogSettings, MongoSettings, SettingsError, describe


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    credentials = tmp_path / "api.json"
    write_private(credentials, '{"user": "api", "password": "secret"}')
    monkeypatch.setenv("CCPLANT_NATS_URL", "nats://bus:4222")
    monkeypatch.setenv("CCPLANT_NATS_CREDENTIALS_FILE", str(credentials))
    access = BusSettings().access("api")
    assert (access.url, access.user, access.password) == ("nats://bus:4222", "api", "secret")
    assert access.inbox_prefix == "_INBOX_api"


@pytest.mark.parametrize("content", ["not json: s3cret", '["s3cret"]', '{"jwt": ["s3cret"]}'])
def test_a_wrong_credentials_file_is_named_and_its_content_is_not_shown(tmp_path: Path, content: str) -> None:
    file = tmp_path / "api.json"
    file.write_text(content)
    with pytest.raises(SettingsError, match="CCPLANT_NATS_CREDENTIALS_FILE") as told:
        BusSettings(nats_credentials_file=file).access("api")
    assert "s3cret" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"CCPLANT_MONGODB_URL_FILE: .*nowhere.* cannot be read"):
        MongoSettings(mongodb_url_file=tmp_path / "nowhere").url()


def test_the_address_of_mongodb_comes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("mongodb://u:p@h/\n")
    assert MongoSettings(mongodb_url_file=file, mongodb_url="mongodb://other").url() == "mongodb://u:p@h/"
    file.write_text("\n")
    with pytest.raises(SettingsError, match="empty"):
        MongoSettings(mongodb_url_file=file).url()


class Example(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CCPLANT_")

    needed: int = Field(description="Must be given.")
    path: Path | None = Field(None, description="May be absent.")
    kind: Literal["a", "b"] = Field("a", description="One of two.")
    on: bool = Field(True, description="A switch.")


def test_settings_describe_themselves() -> None:
    rows = [(row.variable, row.type, row.default, row.required, row.description) for row in describe(Example)]
    assert rows == [
        ("CCPLANT_NEEDED", "whole number", None, True, "Must be given."),
        ("CCPLANT_PATH", "path", None, False, "May be absent."),
        ("CCPLANT_KIND", "`a` \\| `b`", "a", False, "One of two."),
        ("CCPLANT_ON", "true/false", "true", False, "A switch."),
    ]


@pytest.mark.parametrize("group", [BusSettings, MongoSettings, LogSettings])
def test_every_setting_says_what_it_is_for(group: type[BaseSettings]) -> None:
    assert all(row.description.endswith(".") or "`" in row.description for row in describe(group))
    assert all(row.variable.startswith("CCPLANT_") and row.type for row in describe(group))


def test_a_private_file_is_its_owners_alone_and_whole_or_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secrets" / "key.json"
    write_private(file, "one")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o077 == 0
    write_private(file, "two")
    assert file.read_text() == "two"

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_private(file, "three")
    assert file.read_text() == "two"
    assert [path.name for path in file.parent.iterdir()] == ["key.json"]
