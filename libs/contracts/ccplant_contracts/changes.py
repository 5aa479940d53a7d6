"""What has become of the repository in a session's workspace: asked of its runner, in pieces that the bus takes.

An answer is one JSON document, cut. The first piece comes with a name for the whole, under which the runner keeps the rest
for a moment: so all pieces are of the same instant, whatever the agent does meanwhile.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ccplant_contracts.base import Message, UtcTime

PIECE_BYTES = 480_000
"""Of one piece, below what one message of the bus may have."""
MOST_PIECES = 12
"""Of one answer; a runner bounds what it says so that it never needs more."""

ChangeStatus = Literal["added", "modified", "deleted", "renamed", "untracked"]


class ChangesBase(Message):
    """What the changes are counted from: the commit that was cloned."""

    branch: str | None
    """None: the clone was of no branch, but of one commit."""
    commit: str


class FileChange(Message):
    """One file that is not as it was cloned."""

    path: str
    """As git shows it: a name that is not UTF-8 is in double quotes, with escapes."""
    old_path: str | None = None
    """Where a renamed file was."""
    status: ChangeStatus
    """`untracked`: neither committed nor added to git's index."""
    additions: int = Field(ge=0)
    deletions: int = Field(ge=0)
    binary: bool = False
    """Then lines are not counted, and there is no diff."""


class Changes(Message):
    """The workspace against the clone, the agent's own commits included."""

    base: ChangesBase | None
    """None: nothing was cloned; then every file of the workspace is one that was made there."""
    files: tuple[FileChange, ...]
    truncated: bool = False
    """There are more files than are told of."""
    taken_at: UtcTime


class FileDiff(Message):
    """What changed in one file."""

    path: str
    old_path: str | None = None
    status: ChangeStatus
    binary: bool = False
    diff: str
    """One unified diff with git's header; empty where there is none to show."""
    truncated: bool = False
    """It was cut at the end of a line: its last hunk may be shorter than its head says."""


class ChangesRequest(Message):
    """Asks a runner for the list, for one file, or for a further piece of what it has begun to answer."""

    path: str | None = None
    """One file, as the list calls it; None: the list."""
    answer_id: str | None = None
    index: int = Field(0, ge=0, lt=MOST_PIECES)


ChangesFault = Literal["not_changed", "no_repository", "no_base", "busy", "gone", "failed"]
"""Why there is no answer: the file is as it was; the repository is not there any more; its history was rewritten so that
the cloned commit is lost; too much is asked at once; the pieces are kept no longer; git failed, or took too long."""


class ChangesAnswer(Message):
    """The first line of a piece; its bytes are behind it."""

    ok: bool
    detail: str | None = None
    fault: ChangesFault | None = None
    answer_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    pieces: int = Field(1, ge=1, le=MOST_PIECES)
