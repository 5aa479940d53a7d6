"""What changed in a workspace, by a real git in a repository that nobody can trust."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccplant_contracts.changes import (
    PIECE_BYTES,
    Changes,
    ChangesAnswer,
    ChangesRequest,
    FileChange,
    FileDiff,
)
from ccplant_platform.redaction import Redactor
from ccplant_runner.changes.opening import WorkspaceChanges
from ccplant_runner.log import RunnerLog

SECRET = "a-secret-of-the-session"


class Place:
    """A clone, and the desk that tells what becomes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)
        self.workspace.mkdir(exist_ok=True)
        self.ran = folder / "ran"
        """There as soon as anything of the repository's was run."""
        self.log = io.StringIO()
        self.changes = self.another()

    def another(self) -> WorkspaceChanges:
        redactor = Redactor([SECRET])
        return WorkspaceChanges(
            RunnerLog(redactor, {}, self.log),
            redactor,
            workspace=self.workspace,
            home=self.home,
            folder=self.folder / "state" / "changes",
        )

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
               "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}  # fmt: skip
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.workspace,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def write(self, name: str, text: str | bytes) -> None:
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    async def asked(self, request: ChangesRequest) -> tuple[ChangesAnswer, bytes]:
        answer = await self.changes.desk.answer(request.model_dump_json().encode())
        head, _, piece = answer.partition(b"\n")
        assert len(piece) <= PIECE_BYTES
        return ChangesAnswer.model_validate_json(head), piece

    async def whole(self, path: str | None = None) -> bytes:
        head, whole = await self.asked(ChangesRequest(path=path))
        assert head.ok, head
        for index in range(1, head.pieces):
            whole += (await self.asked(ChangesRequest(answer_id=head.answer_id, index=index)))[1]
        return whole

    async def list(self) -> Changes:
        return Changes.model_validate_json(await self.whole())

    async def files(self) -> dict[str, FileChange]:
        return {file.path: file for file in (await self.list()).files}

    async def told(self) -> dict[str, str]:
        return {path: file.status for path, file in (await self.files()).items()}

    async def diff(self, path: str) -> FileDiff:
        return FileDiff.model_validate_json(await self.whole(path))

    async def fault(self, path: str | None = None) -> str | None:
        head, piece = await self.asked(ChangesRequest(path=path))
        assert not head.ok
        assert piece == b""
        return head.fault


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    """A fresh clone of a repository with a few files."""
    place = Place(tmp_path)
    origin = tmp_path / "origin"
    origin.mkdir()
    place.git("init", "-q", "-b", "main", cwd=origin)
    for name, text in {
        "kept": "kept\n",
        "edited": "".join(f"line {number}\n" for number in range(50)),
        "gone": "gone\n",
        "moved": "".join(f"something to move {number}\n" for number in range(20)),
        "folder/deep": "deep\n",
        ".gitignore": "ignored/\n",
    }.items():
        (origin / name).parent.mkdir(exist_ok=True)
        (origin / name).write_text(text)
    place.git("add", ".", cwd=origin)
    place.git("commit", "-q", "-m", "one", cwd=origin)
    place.git("clone", "-q", str(origin), str(place.workspace), cwd=tmp_path)
    await place.changes.open(fresh=True, cloned=True)
    return place


async def test_a_clone_that_nobody_touched_has_no_changes(place: Place) -> None:
    told = await place.list()
    assert told.base is not None
    assert (told.base.branch, told.base.commit) == ("main", place.git("rev-parse", "HEAD"))
    assert (told.files, told.truncated) == ((), False)
    assert (datetime.now(UTC) - told.taken_at).total_seconds() < 60


async def test_all_kinds_of_change_are_told_with_their_lines(place: Place) -> None:
    place.write("edited", "".join(f"line {number}\n" for number in range(48)) + "other\n")
    (place.workspace / "gone").unlink()
    (place.workspace / "moved").rename(place.workspace / "folder" / "new place")
    place.write("fresh", "1\n2\n3\n")
    place.write("staged", "1\n")
    place.git("add", "staged")
    place.write("image", b"\x00\x01\x02")
    place.write("ignored/secret", "unseen")
    assert {
        path: (file.status, file.additions, file.deletions, file.binary, file.old_path)
        for path, file in (await place.files()).items()
    } == {
        "edited": ("modified", 1, 2, False, None),
        "folder/new place": ("renamed", 0, 0, False, "moved"),
        "fresh": ("untracked", 3, 0, False, None),
        "gone": ("deleted", 0, 1, False, None),
        "image": ("untracked", 0, 0, True, None),
        "staged": ("added", 1, 0, False, None),
    }


async def test_what_the_agent_committed_counts_as_well(place: Place) -> None:
    place.write("edited", "all new\n")
    place.write("committed", "1\n")
    place.git("add", ".")
    place.git("rm", "-q", "gone")
    place.git("checkout", "-q", "-b", "elsewhere")
    place.git("commit", "-q", "-m", "two")
    assert await place.told() == {"edited": "modified", "committed": "added", "gone": "deleted"}
    told = await place.list()
    assert told.base is not None
    assert told.base.branch == "main", "what was cloned, not where the agent stands"


async def test_the_diff_of_a_file_is_one_unified_diff(place: Place) -> None:
    place.write("edited", "".join(f"line {number}\n" for number in range(49)))
    diff = await place.diff("edited")
    assert diff.diff.startswith("diff --git a/edited b/edited\n")
    assert "@@ -47,4 +47,3 @@" in diff.diff
    assert diff.diff.endswith(" line 48\n-line 49\n")
    assert (diff.status, diff.binary, diff.truncated) == ("modified", False, False)


async def test_the_diff_of_a_moved_file_says_where_it_was(place: Place) -> None:
    (place.workspace / "moved").rename(place.workspace / "there")
    diff = await place.diff("there")
    assert (diff.status, diff.old_path) == ("renamed", "moved")
    assert "rename from moved\nrename to there\n" in diff.diff


async def test_a_new_file_has_a_diff_and_a_binary_one_says_that_it_is(place: Place) -> None:
    place.write("fresh", "1\n")
    place.write("image", b"\x00\x01")
    assert (await place.diff("fresh")).diff.endswith("@@ -0,0 +1 @@\n+1\n")
    image = await place.diff("image")
    assert image.binary
    assert "Binary files" in image.diff


async def test_a_file_that_did_not_change_has_no_diff(place: Place) -> None:
    for path in ("kept", "never/was", "../home", "ignored/x", ":(top)edited"):
        assert await place.fault(path) == "not_changed"


async def test_names_that_are_hard_to_tell_are_told_apart(place: Place) -> None:
    place.write("new\nline", "1\n")
    place.write('"quoted"', "1\n")
    place.write("日本語", "1\n")
    place.write("-option", "1\n")
    place.write("*", "1\n")
    place.write("0z", "another\n")
    place.write("?z", "1\n")
    (place.workspace / os.fsdecode(b"caf\xe9")).write_text("latin\n")
    told = await place.told()
    assert set(told) == {"new\nline", '"\\"quoted\\""', "日本語", "-option", "*", "0z", "?z", '"caf\\351"'}
    for path in told:
        assert "\n+" in (await place.diff(path)).diff
    assert "another" not in (await place.diff("?z")).diff, "a name is no pattern"


async def test_what_a_folder_took_the_place_of_is_told(place: Place) -> None:
    (place.workspace / "gone").unlink()
    place.write("gone/inside", "1\n")
    (place.workspace / "folder" / "deep").unlink()
    (place.workspace / "folder").rmdir()
    place.write("folder", "a file now\n")
    assert await place.told() == {
        "gone": "deleted",
        "gone/inside": "untracked",
        "folder/deep": "deleted",
        "folder": "untracked",
    }
    assert (await place.diff("gone")).diff.count("diff --git") == 1


async def test_a_link_is_told_as_a_link_and_never_followed(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "private").write_text("what nobody may read")
    (place.workspace / "link").symlink_to(outside / "private")
    (place.workspace / "folder" / "deep").unlink()
    (place.workspace / "folder").rmdir()
    (place.workspace / "folder").symlink_to(outside)
    (outside / "deep").write_text("what nobody may read")
    told = await place.told()
    assert told == {"link": "untracked", "folder": "untracked", "folder/deep": "deleted"}
    for path in told:
        assert "what nobody may read" not in (await place.diff(path)).diff


async def test_nothing_that_the_repository_names_is_run(place: Place) -> None:
    """Hooks, filters, monitors, conversions, other diffs: each would leave a trace."""
    trap = place.folder / "trap"
    trap.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{place.ran}'\ncat\n")
    trap.chmod(0o755)
    for key in (
        "core.fsmonitor", "diff.external", "core.pager", "core.sshCommand", "core.askPass", "filter.evil.clean",
        "filter.evil.smudge", "filter.evil.process", "diff.evil.command", "diff.evil.textconv", "interactive.diffFilter",
        "uploadpack.packObjectsHook", "core.gitProxy", "credential.helper", "alias.diff-index", "core.alternateRefsCommand",
    ):  # fmt: skip
        place.git("config", key, str(trap))
    hooks = place.workspace / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "post-index-change",
        "pre-commit",
        "post-checkout",
        "fsmonitor-watchman",
        "reference-transaction",
    ):
        (hooks / name).unlink(missing_ok=True)
        (hooks / name).symlink_to(trap)
    place.write(".gitattributes", "* filter=evil diff=evil -text\n")
    (place.workspace / ".git" / "info").mkdir(exist_ok=True)
    (place.workspace / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    place.write("edited", "other\n")
    place.write("fresh", "1\n")
    assert await place.told() == {".gitattributes": "untracked", "edited": "modified", "fresh": "untracked"}
    assert "+other" in (await place.diff("edited")).diff
    assert not place.ran.exists(), place.ran.read_text()


async def test_the_repository_cannot_hide_a_change(place: Place) -> None:
    place.write(".gitattributes", "* -diff binary\n[attr]diff -text\n")
    place.write("edited", "other\n")
    place.write("kept", "changed\n")
    place.git("update-index", "--assume-unchanged", "edited")
    place.git("update-index", "--skip-worktree", "kept")
    files = await place.files()
    assert {"edited", "kept"} <= set(files)
    assert not files["edited"].binary
    assert "+other" in (await place.diff("edited")).diff


async def test_the_agents_index_and_its_locks_are_left_alone(place: Place) -> None:
    place.write("fresh", "1\n")
    place.write("staged", "1\n")
    place.git("add", "staged")
    index = place.workspace / ".git" / "index"
    (index.parent / "index.lock").touch()

    def everything() -> dict[str, str]:
        return {
            str(path.relative_to(place.workspace)): hashlib.sha256(path.read_bytes()).hexdigest()
            + str(path.stat().st_mtime_ns)
            for path in place.workspace.rglob("*")
            if path.is_file()
        }

    before = everything()
    await place.told()
    await place.diff("fresh")
    assert everything() == before


async def test_a_secret_shows_neither_in_names_nor_in_lines(place: Place) -> None:
    place.write(f"for {SECRET}", f"key = {SECRET}\n")
    place.write("token", "ghp_" + "a1B2" * 9 + "\n")
    assert set(await place.told()) == {"for ***", "token"}
    assert "+key = ***\n" in (await place.diff("for ***")).diff
    assert "a1B2a1B2" not in (await place.diff("token")).diff


async def test_a_large_diff_comes_in_pieces_and_is_cut_at_a_line(place: Place) -> None:
    place.write("large", "0123456789abcde\n" * 40_000)
    head, first = await place.asked(ChangesRequest(path="large"))
    assert head.pieces > 1
    assert head.answer_id is not None
    again = await place.asked(ChangesRequest(answer_id=head.answer_id, index=0))
    assert again[1] == first
    place.write("huge", "0123456789abcde\n" * 200_000)
    diff = await place.diff("huge")
    assert diff.truncated
    assert diff.diff.endswith("+0123456789abcde\n")
    assert len(diff.diff) <= 1_000_000
    assert (await place.files())["huge"].additions == 200_000


async def test_control_characters_never_make_an_answer_too_large(place: Place) -> None:
    place.write("escapes", ("\x01" * 99 + "\n") * 12_000)
    diff = await place.diff("escapes")
    assert diff.truncated
    assert diff.diff.endswith("\x01\n")


async def test_many_new_files_are_bounded_and_do_not_hide_what_was_cloned(place: Place) -> None:
    for number in range(2_100):
        place.write(f"a-{number:05}", "")
    (place.workspace / "gone").unlink()
    told = await place.list()
    assert told.truncated
    assert len(told.files) == 2_001
    assert any(file.path == "gone" and file.status == "deleted" for file in told.files)


async def test_a_repository_within_the_workspace_is_one_entry_and_not_entered(place: Place) -> None:
    place.git("init", "-q", str(place.workspace / "inner"))
    place.write("inner/file", "1\n")
    place.git("-C", "inner", "add", ".")
    place.git("-C", "inner", "commit", "-q", "-m", "x")
    assert await place.told() == {"inner/": "untracked"}
    assert (await place.diff("inner/")).diff == ""


async def test_what_is_not_there_any_more_is_said(place: Place) -> None:
    commit = place.git("rev-parse", "HEAD")
    (place.workspace / ".git" / "objects").rename(place.folder / "objects")
    assert await place.fault() == "no_repository"
    (place.workspace / ".git" / "objects").symlink_to(place.folder / "objects")
    assert await place.fault() == "no_repository", "a link may lead anywhere"
    (place.workspace / ".git" / "objects").unlink()
    (place.folder / "objects").rename(place.workspace / ".git" / "objects")
    (place.workspace / ".git" / "objects" / commit[:2] / commit[2:]).unlink()
    assert await place.fault() == "no_base"


async def test_what_is_left_of_a_git_that_was_ended_is_in_nobodys_way(place: Place) -> None:
    state = place.folder / "state" / "changes"
    place.write("fresh", "1\n")
    for name in ("index.lock", "index.work.lock"):
        (state / name).touch()
    assert await place.told() == {"fresh": "untracked"}


async def test_a_workspace_without_a_clone_tells_all_its_files(tmp_path: Path) -> None:
    place = Place(tmp_path)
    await place.changes.open(fresh=False, cloned=False)
    place.write("made", "1\n")
    told = await place.list()
    assert told.base is None
    assert [(file.path, file.status) for file in told.files] == [("made", "untracked")]
    place.git("init", "-q")
    place.git("add", "made")
    assert await place.told() == {"made": "added"}


async def test_an_empty_repository_is_compared_with_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.git("init", "-q")
    await place.changes.open(fresh=True, cloned=True)
    place.write("made", "1\n")
    assert (await place.list()).base is None
    assert await place.told() == {"made": "untracked"}


async def test_a_kept_workspace_still_counts_from_what_was_cloned(place: Place) -> None:
    commit = place.git("rev-parse", "HEAD")
    place.write("edited", "all new\n")
    place.git("commit", "-q", "-a", "-m", "two")
    later = place.another()
    (place.folder / "state" / "changes" / "index").unlink()
    await later.open(fresh=False, cloned=True)
    place.changes = later
    told = await place.list()
    assert told.base is not None
    assert told.base.commit == commit
    assert await place.told() == {"edited": "modified"}


async def test_a_note_that_was_tampered_with_is_taken_for_none(place: Place) -> None:
    note = place.home / ".ccplant-cloned"
    for hostile in (
        '{"commit": "--output=/tmp/x", "branch": null}',
        '{"commit": "HEAD"}',
        "{}",
        "no json",
    ):
        note.write_text(hostile)
        later = place.another()
        await later.open(fresh=False, cloned=True)
        place.changes = later
        told = await place.list()
        assert told.base is not None
        assert told.base.commit == place.git("rev-parse", "HEAD")
    note.unlink()
    os.mkfifo(note)
    async with asyncio.timeout(30):
        await place.another().open(fresh=False, cloned=True)


async def test_only_so_many_wait_and_nothing_takes_for_ever(place: Place) -> None:
    answers = await asyncio.gather(*(place.asked(ChangesRequest()) for _ in range(12)))
    faults = [head.fault for head, _ in answers]
    assert faults.count("busy") == 4
    assert faults.count(None) == 8
    place.changes.desk._seconds = 0.001
    assert await place.fault() == "failed"
    place.changes.desk._seconds = 20.0
    assert await place.told() == {}


@pytest.mark.parametrize("body", [b"", b"{}x", b'{"index": 99}', b'{"answer_id": 3}', b'{"index": -1}'])
async def test_a_request_that_makes_no_sense_is_answered(place: Place, body: bytes) -> None:
    head, _, _ = (await place.changes.desk.answer(body)).partition(b"\n")
    assert not ChangesAnswer.model_validate_json(head).ok


async def test_pieces_that_nobody_keeps_are_said_to_be_gone(place: Place) -> None:
    head, _ = await place.asked(ChangesRequest(answer_id="never", index=1))
    assert head.fault == "gone"
    place.write("large", "0123456789abcde\n" * 40_000)
    first, _ = await place.asked(ChangesRequest(path="large"))
    for _ in range(4):
        await place.asked(ChangesRequest(path="large"))
    head, _ = await place.asked(ChangesRequest(answer_id=first.answer_id, index=1))
    assert head.fault == "gone", "the oldest goes first"


async def test_a_pipe_in_a_files_place_stops_nobody(place: Place) -> None:
    (place.workspace / "edited").unlink()
    os.mkfifo(place.workspace / "edited")
    os.mkfifo(place.workspace / "new-pipe")
    place.changes.desk._seconds = 5.0
    told = await place.told()
    assert told == {"edited": "deleted"}
    assert (await place.diff("edited")).diff.count("\n-line") == 50


async def test_a_repository_with_longer_names_of_commits_is_read_as_well(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.git("init", "-q", "--object-format=sha256", "-b", "main")
    place.write("one", "1\n")
    place.git("add", ".")
    place.git("commit", "-q", "-m", "one")
    await place.changes.open(fresh=True, cloned=True)
    place.write("one", "2\n")
    place.write("two", "2\n")
    assert await place.told() == {"one": "modified", "two": "untracked"}
