"""What the runner was given is read once; where it could be removed it is gone before anything else runs."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from ccplant_runner import spec as runner_spec
from ccplant_runner.spec import take_spec
from tests.contract.runtime_place import new_ref, spec_for


@pytest.fixture(autouse=True)
def _this_process_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_spec, "seal_process", lambda: None)


def _written(folder: Path) -> Path:
    path = folder / "spec.json"
    path.write_text(spec_for(new_ref(), "wait").model_dump_json())
    return path


def test_the_file_is_gone_once_it_was_read(tmp_path: Path) -> None:
    path = _written(tmp_path)

    assert take_spec(path).env == {"STANDIN": "wait"}
    assert not path.exists()


def _refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def unlink(self: Path, missing_ok: bool = False) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(Path, "unlink", unlink)


def test_a_file_on_a_read_only_mount_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _written(tmp_path)
    _refuse(monkeypatch, errno.EROFS)

    assert take_spec(path).env == {"STANDIN": "wait"}


def test_a_file_that_should_have_gone_and_does_not_keeps_the_runner_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _written(tmp_path)
    _refuse(monkeypatch, errno.EACCES)

    with pytest.raises(OSError, match="no"):
        take_spec(path)
