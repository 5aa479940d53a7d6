"""Files of prompts in a hostile workspace: nothing leads out of it, and git never sees them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ccplant_runner.attached_folder import InTheWayError, attached_folder, names_on_disk

PROMPT = "prompt-0123456789abcdef"


def put(workspace: Path, name: str = "a.txt", content: bytes = b"content") -> Path:
    with attached_folder(workspace, PROMPT) as folder, folder.file(name) as write:
        write(content[:3])
        write(content[3:])
    return folder.path / name


def git(workspace: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.email=a@example.com", "-c", "user.name=a", *arguments]
    return subprocess.run(command, cwd=workspace, check=True, capture_output=True, text=True).stdout


def test_a_file_is_there_whole_and_for_its_user_alone(tmp_path: Path) -> None:
    path = put(tmp_path)
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    assert put(tmp_path, "b.txt").read_bytes() == b"content"


def test_a_file_that_breaks_off_is_not_there(tmp_path: Path) -> None:
    with attached_folder(tmp_path, PROMPT) as folder:

        def break_off() -> None:
            with folder.file("a") as write:
                write(b"half")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            break_off()
        assert {path.name for path in folder.path.iterdir()} == {".gitignore"}


@pytest.mark.parametrize("what", ["link", "dangling", "file", "fifo"])
@pytest.mark.parametrize("where", [".ccplant", ".ccplant/attachments", f".ccplant/attachments/{PROMPT}"])
def test_what_is_in_the_way_is_neither_followed_nor_replaced(tmp_path: Path, where: str, what: str) -> None:
    workspace, outside = tmp_path / "workspace", tmp_path / "outside"
    place = workspace / where
    place.parent.mkdir(parents=True)
    outside.mkdir()
    match what:
        case "link":
            place.symlink_to(outside)
        case "dangling":
            place.symlink_to(tmp_path / "nowhere")
        case "file":
            place.write_text("mine")
        case _:
            os.mkfifo(place)
    with pytest.raises(InTheWayError, match="no folder"):
        put(workspace)
    assert list(outside.iterdir()) == []
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["a.txt", ".part", ".gitignore"])
def test_a_link_that_waits_for_a_file_is_not_written_through(tmp_path: Path, name: str) -> None:
    workspace, target = tmp_path / "workspace", tmp_path / "target"
    target.write_text("untouched")
    folder = workspace / ".ccplant" / "attachments" / PROMPT
    folder.mkdir(parents=True)
    (folder / name).symlink_to(target)
    path = put(workspace)
    assert target.read_text() == "untouched"
    assert path.read_bytes() == b"content"
    assert not path.is_symlink()


def test_git_never_sees_them_whatever_the_repository_says(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("!*\n!.ccplant/**\n")
    attachments = tmp_path / ".ccplant" / "attachments"
    attachments.mkdir(parents=True)
    (attachments / ".gitignore").write_text("!*\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "hostile")
    put(tmp_path)
    assert git(tmp_path, "status", "--porcelain", "--untracked-files=all") == ""
    git(tmp_path, "add", "-A")
    assert git(tmp_path, "diff", "--cached", "--name-only") == ""


def test_names_on_disk_are_different_plain_and_mean_nothing_to_git() -> None:
    names = names_on_disk(
        ["a.png", "A.PNG", "a.png", ".gitignore", ".git", ".part", "../x", "図.txt", "図.txt"]
    )
    assert names == [
        "a.png", "A-2.PNG", "a-3.png", ".gitignore-2", ".git-2", ".part-2", "x", "図.txt", "図-2.txt",
    ]  # fmt: skip
