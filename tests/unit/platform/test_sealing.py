"""Sealed things open for whom they were sealed, and for nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccplant_platform.sealing import Sealer, UnsealError
from ccplant_platform.settings import SettingsError

OLD, NEW = "ab" * 32, "cd" * 32


def sealer(*keys: str) -> Sealer:
    return Sealer([bytes.fromhex(key) for key in keys])


def test_what_is_sealed_shows_nothing_and_is_never_the_same_twice() -> None:
    one, two = (sealer(NEW).seal("ghp_secret", "of ann") for _ in range(2))
    assert one != two
    assert "ghp" not in one
    assert sealer(NEW).unseal(one, "of ann") == sealer(NEW).unseal(two, "of ann") == "ghp_secret"


def test_one_owners_secret_does_not_open_in_anothers_place() -> None:
    with pytest.raises(UnsealError):
        sealer(NEW).unseal(sealer(NEW).seal("ghp_secret", "of ann"), "of bob")


@pytest.mark.parametrize("changed", ["", "not base64 !", "AAAA", "A" * 100])
def test_what_was_not_sealed_does_not_open(changed: str) -> None:
    with pytest.raises(UnsealError):
        sealer(NEW).unseal(changed, "of ann")


def test_a_new_key_before_the_old_one_opens_what_the_old_one_sealed() -> None:
    sealed = sealer(OLD).seal("ghp_secret", "of ann")
    assert sealer(NEW, OLD).unseal(sealed, "of ann") == "ghp_secret"
    with pytest.raises(UnsealError):
        sealer(NEW).unseal(sealed, "of ann")
    with pytest.raises(UnsealError):
        sealer(OLD).unseal(sealer(NEW, OLD).seal("ghp_secret", "of ann"), "of ann")


def test_a_mark_is_the_same_for_the_same_secret_owner_and_key_alone() -> None:
    mark = sealer(NEW).mark("ghp_secret", "of ann")
    assert mark == sealer(NEW, OLD).mark("ghp_secret", "of ann")
    others = {
        sealer(NEW).mark("ghp_other", "of ann"),
        sealer(NEW).mark("ghp_secret", "of bob"),
        sealer(OLD).mark("ghp_secret", "of ann"),
    }
    assert len(others - {mark}) == 3


@pytest.mark.parametrize("content", ["", "secretsecret", "ab" * 31, "ab" * 32 + "\nxyz"])
def test_a_key_file_that_holds_no_keys_is_refused_without_being_quoted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(SettingsError, match="CCPLANT_X") as caught:
        Sealer.from_file(path, "CCPLANT_X")
    assert not content or content.split(maxsplit=1)[0] not in str(caught.value)
    with pytest.raises(SettingsError, match="FileNotFoundError"):
        Sealer.from_file(tmp_path / "nowhere", "CCPLANT_X")
