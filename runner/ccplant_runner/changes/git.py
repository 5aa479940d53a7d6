"""Runs git over a workspace that may be hostile: by nothing that the repository configures, for so long and no longer.

A repository can name programs for git to run: hooks, filters, file-system monitors, text conversions, other diffs. All of
them are configuration, and none of the workspace's is read here. Git works with a directory of our own, which has only what
is written below, an index of our own, and the workspace's objects to read from. So the agent's index is never touched, no
lock of its is taken, and nothing that is compared here is ever run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_ERROR_BYTES = 4_096
_PIECE = 65_536
_KEEP_OUT = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.pager=cat",
    "diff.external=",
    "submodule.recurse=false",
    "protocol.allow=never",
)
_CONFIG = """[core]
\trepositoryformatversion = {version}
\tbare = false
\tfilemode = true
\tsymlinks = true
\tignorecase = false
\tquotePath = false
\tbigFileThreshold = 4m
[gc]
\tauto = 0
"""
_SHA256 = "[extensions]\n\tobjectFormat = sha256\n"
_ATTRIBUTES = "* !diff !filter\n"
"""Goes before what the repository says: it could name a filter, or call a text binary so that nobody sees its changes."""


class GitFailedError(Exception):
    """Git said no, or took too long; the message is its own words."""


@dataclass(frozen=True)
class Output:
    """What git wrote."""

    data: bytes
    cut: bool = False
    """It wrote more than it may, and was ended."""


class PrivateGit:
    """Git with a directory of its own, over somebody else's workspace."""

    def __init__(self, folder: Path, workspace: Path, path: str) -> None:
        self._directory = folder / "git"
        self._workspace = workspace
        self._path = path
        self.index = folder / "index"
        """What was cloned, with what git remembers of the files, so that it need not read them all again."""
        self.work_index = folder / "index.work"
        """The same and what is new, for one comparison."""

    @property
    def objects(self) -> Path:
        """The objects of the workspace's repository."""
        return self._workspace / ".git" / "objects"

    @property
    def agents_index(self) -> Path:
        """The index that the agent works with; it is only read."""
        return self._workspace / ".git" / "index"

    def put(self, commit: str | None) -> None:
        """Write the directory anew: nothing of what may have happened to it since stays.

        Raises:
            OSError: it cannot be written.
        """
        sha256 = commit is not None and len(commit) == 64
        for name in ("objects/info", "refs/heads", "info", "home"):
            (self._directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        config = _CONFIG.format(version=int(sha256)) + (_SHA256 if sha256 else "")
        for index in (self.index, self.work_index):
            # left where git was ended in the middle of its work
            index.with_name(f"{index.name}.lock").unlink(missing_ok=True)
        for name, text in (
            ("config", config),
            ("HEAD", "ref: refs/heads/none\n"),
            ("objects/info/alternates", f"{self.objects}\n"),
            ("info/attributes", _ATTRIBUTES),
        ):
            (self._directory / name).write_text(text, encoding="utf-8")

    async def run(
        self,
        arguments: Sequence[str],
        *,
        index: Path | None = None,
        stdin: bytes = b"",
        most: int = _PIECE,
        accept: tuple[int, ...] = (0,),
    ) -> Output:
        """Run git over the workspace; ended when this is cancelled, or when it wrote `most` bytes.

        Raises:
            GitFailedError: it ended with another code than those accepted.
        """
        options = [
            *_KEEP_OUT,
            # what the agent's tools keep out of sight there, without reading the rest of the repository's configuration
            f"core.excludesFile={self._workspace / '.git' / 'info' / 'exclude'}",
        ]
        command = ["git", *(word for option in options for word in ("-c", option)), *arguments]
        return await _run(
            command, self._workspace, self._environment(index or self.index), stdin, most, accept
        )

    def _environment(self, index: Path) -> Mapping[str, str]:
        return {
            **safe_environment(self._directory / "home", self._path),
            "GIT_DIR": str(self._directory),
            "GIT_WORK_TREE": str(self._workspace),
            "GIT_INDEX_FILE": str(index),
        }


def safe_environment(home: Path, path: str) -> dict[str, str]:
    """Return what git gets of its surroundings: nothing that this machine, the session or the agent configured."""
    return {
        "PATH": path,
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
    }


async def head_of(workspace: Path, home: Path, path: str) -> tuple[str | None, str | None]:
    """Return branch and commit that a clone stands on; None: it has none of these.

    Neither question makes git run anything, whatever the repository's configuration says.
    """
    environment = {**safe_environment(home, path), "GIT_DIR": str(workspace / ".git")}

    async def said(*arguments: str) -> str | None:
        command = ["git", *(word for option in _KEEP_OUT for word in ("-c", option)), *arguments]
        output = await _run(command, workspace, environment, b"", 4_096, (0, 1, 128))
        return output.data.decode("utf-8", "replace").strip() or None

    branch = await said("symbolic-ref", "-q", "--short", "HEAD")
    return branch, await said("rev-parse", "-q", "--verify", "HEAD^{commit}")


async def _run(
    command: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    stdin: bytes,
    most: int,
    accept: tuple[int, ...],
) -> Output:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise GitFailedError(f"git cannot be started: {error.strerror or error}") from error
    tasks: list[asyncio.Task[object]] = []
    try:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise GitFailedError("git has no pipes")
        tasks = [
            asyncio.create_task(_feed(process.stdin, stdin)),
            errors := asyncio.create_task(_up_to(process.stderr, _ERROR_BYTES, go_on=True)),
        ]
        data, cut = await _up_to(process.stdout, most, go_on=False)
        if cut:
            return Output(data, cut=True)
        code = await process.wait()
        if code not in accept:
            words, _ = await errors
            raise GitFailedError(words.decode("utf-8", "replace").strip()[-500:] or f"git ended with {code}")
        return Output(data)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if process.returncode is None:
            await process.wait()


async def _feed(stdin: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        stdin.write(data)
        await stdin.drain()
    stdin.close()


async def _up_to(stream: asyncio.StreamReader, most: int, *, go_on: bool) -> tuple[bytes, bool]:
    """Read until the end, or until there are `most` bytes; with `go_on` the rest is read, too, and thrown away."""
    parts: list[bytes] = []
    size = 0
    while piece := await stream.read(_PIECE):
        if size < most:
            parts.append(piece[: most - size])
        size += len(piece)
        if size > most and not go_on:
            break
    return b"".join(parts), size > most
