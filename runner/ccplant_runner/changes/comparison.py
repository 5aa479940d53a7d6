"""Compares the workspace with what was cloned: the list of files, and the diff of one.

The index of the comparison is made from the cloned commit, not from the agent's: there an agent could have marked a file
as one to pass over. What is new is put into it by name alone, so that a file that was only moved is seen as that.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from ccplant_contracts.changes import ChangesBase
from ccplant_runner.changes.git import EMPTY_TREE, GitFailedError, Output, PrivateGit
from ccplant_runner.changes.parsing import Entry, entries, first_diff, is_safe, names, whole_lines

_NEW_FILES = 2_000
_NAME_BYTES = 4_000_000
_LIST_BYTES = 16_000_000
DIFF_BYTES = 1_000_000
_EMPTY_BLOBS = {
    40: "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    64: "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}
_COMPARED = ("-M", "-l1000", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all")


class NoRepositoryError(Exception):
    """What was cloned is not in the workspace any more."""


class NoBaseError(Exception):
    """The commit that was cloned is not in the repository any more."""


@dataclass(frozen=True)
class Compared:
    """What is not as it was cloned."""

    entries: tuple[Entry, ...]
    untracked: frozenset[bytes]
    """Names that neither a commit nor the agent's index has."""
    cut: bool
    """There is more."""


class Comparison:
    """The workspace against one commit; not more than one comparison at a time."""

    def __init__(self, git: PrivateGit, workspace: Path, base: ChangesBase | None) -> None:
        self._git = git
        self._workspace = workspace
        self.base = base
        self._tree = EMPTY_TREE if base is None else base.commit

    async def files(self) -> Compared:
        """Return the changed files.

        Raises:
            NoRepositoryError: the clone is gone.
            NoBaseError: the cloned commit is gone.
            GitFailedError: git failed.
        """
        await self._prepare()
        others = await self._git.run(["ls-files", "-z", "--others", "--exclude-standard"], most=_NAME_BYTES)
        found = names(others.data, cut=others.cut)
        tracked, more = await self._tracked()
        inside = [name for name in found if name.endswith(b"/")]
        new = list(dict.fromkeys([*sorted(tracked), *(name for name in found if not name.endswith(b"/"))]))
        await self._with_new(new[:_NEW_FILES])
        try:
            output = await self._compared()
        except GitFailedError:
            if not await self._without_special_files():
                raise
            output = await self._compared()
        # a repository within the workspace is one thing to git, and its inside is its own
        nested = [Entry(name=name, old_name=None, status="added") for name in inside[:_NEW_FILES]]
        return Compared(
            entries=(*entries(output.data), *nested),
            untracked=frozenset(found) - tracked,
            cut=others.cut or more or output.cut or len(new) > _NEW_FILES or len(inside) > _NEW_FILES,
        )

    async def diff(self, entry: Entry) -> tuple[bytes, bool]:
        """Return the diff of one of the files that `files` just gave, and whether it was cut.

        Raises:
            GitFailedError: git failed.
        """
        if entry.name.endswith(b"/"):
            return b"", False
        paths = [name for name in (entry.old_name, entry.name) if name is not None]
        output = await self._git.run(
            [
                *("diff-index", "-p", *_COMPARED, "--src-prefix=a/", "--dst-prefix=b/", self._tree, "--"),
                *(os.fsdecode(name) for name in paths),
            ],
            index=self._git.work_index,
            most=DIFF_BYTES,
        )
        first = first_diff(output.data)
        cut = output.cut and len(first) == len(output.data)
        return (whole_lines(first) if cut else first), cut

    async def _prepare(self) -> None:
        """Have a directory of our own, and in its index what was cloned.

        Raises:
            NoRepositoryError: the clone is gone.
            NoBaseError: the cloned commit is gone.
        """
        if self.base is not None and not _is_folder(self._git.objects):
            raise NoRepositoryError
        self._git.put(None if self.base is None else self.base.commit)
        if self.base is not None:
            try:
                await self._git.run(["cat-file", "-e", f"{self.base.commit}^{{tree}}"])
            except GitFailedError as error:
                raise NoBaseError from error
        if not self._git.index.exists():
            await self._git.run(["read-tree", self._tree])
        # it ends with 1 where a file differs, which is no failure
        await self._git.run(
            ["update-index", "-q", "--ignore-submodules", "--ignore-missing", "--refresh"], accept=(0, 1)
        )

    async def _compared(self) -> Output:
        return await self._git.run(
            ["diff-index", "-z", "--raw", "--numstat", *_COMPARED, self._tree],
            index=self._git.work_index,
            most=_LIST_BYTES,
        )

    async def _without_special_files(self) -> bool:
        """Take what is a pipe, a socket or a device now for deleted: git cannot read that. False: there is none."""
        output = await self._git.run(
            ["diff-files", "-z", "--raw", "--no-renames", "--ignore-submodules=all"],
            index=self._git.work_index,
            most=_LIST_BYTES,
        )
        special = [entry.name for entry in entries(output.data) if self._is_special(entry.name)]
        if special:
            await self._git.run(
                ["update-index", "--force-remove", "-z", "--stdin"],
                index=self._git.work_index,
                stdin=b"".join(name + b"\0" for name in special),
            )
        return bool(special)

    def _is_special(self, name: bytes) -> bool:
        try:
            mode = (self._workspace / os.fsdecode(name)).lstat().st_mode
        except OSError:
            return False
        return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode))

    async def _tracked(self) -> tuple[set[bytes], bool]:
        """Return the names that the agent's index has and the cloned commit has not, and whether there are more."""
        index = self._git.agents_index
        if not _is_folder(self._git.objects) or not _is_file(index):
            return set(), False
        try:
            output = await self._git.run(
                [
                    "diff-index",
                    "-z",
                    "--cached",
                    "--name-only",
                    "--no-renames",
                    "--diff-filter=A",
                    "--ignore-submodules=all",
                    self._tree,
                ],
                index=index,
                most=_NAME_BYTES,
            )
        except GitFailedError:
            # an index that cannot be read says nothing of what is tracked
            return set(), False
        return {name for name in names(output.data, cut=output.cut) if is_safe(name)}, output.cut

    async def _with_new(self, new: list[bytes]) -> None:
        """Make the index of the comparison: what was cloned, and the names of what is new, as files without content."""
        shutil.copy2(self._git.index, self._git.work_index)
        if new:
            blob = _EMPTY_BLOBS[len(self._tree)].encode()
            records = b"".join(b"100644 %s 0\t%s\0" % (blob, name) for name in new)
            await self._git.run(
                ["update-index", "--add", "--replace", "-z", "--index-info"],
                index=self._git.work_index,
                stdin=records,
            )


def _is_folder(path: Path) -> bool:
    return not path.parent.is_symlink() and not path.is_symlink() and path.is_dir()


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
