"""Answers what changed in the workspace: one comparison at a time, for a bounded time, in pieces that the bus takes."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from ccplant_contracts.base import Message
from ccplant_contracts.changes import (
    PIECE_BYTES,
    Changes,
    ChangesAnswer,
    ChangesFault,
    ChangesRequest,
    FileChange,
    FileDiff,
)
from ccplant_platform.redaction import Redactor
from ccplant_runner.changes.comparison import Compared, Comparison, NoBaseError, NoRepositoryError
from ccplant_runner.changes.git import GitFailedError
from ccplant_runner.changes.masking import masked_diff
from ccplant_runner.changes.parsing import Entry, shown, whole_lines
from ccplant_runner.log import RunnerLog

_SECONDS = 20.0
_MOST_IN_LINE = 8
_MOST_KEPT = 4
_KEPT_SECONDS = 60.0
_MOST_FILES = 3_000
_MOST_BYTES = 5_000_000
"""Of one answer; fewer than all its pieces could hold."""


class _NotChangedError(Exception):
    """The file is as it was cloned."""


@dataclass(frozen=True)
class _Kept:
    pieces: tuple[bytes, ...]
    until: float


class ChangesDesk:
    """Knows what it is asked for, and what it has begun to answer."""

    def __init__(
        self,
        log: RunnerLog,
        redactor: Redactor,
        now: Callable[[], datetime],
        *,
        seconds: float = _SECONDS,
    ) -> None:
        self._log = log
        self._redactor = redactor
        self._now = now
        self._seconds = seconds
        self._comparison: Comparison | None = None
        self._turn = asyncio.Lock()
        self._in_line = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def open(self, comparison: Comparison) -> None:
        """Answer from now on: the workspace is there."""
        self._comparison = comparison

    async def answer(self, body: bytes) -> bytes:
        """Return the answer to one request, its head on the first line."""
        try:
            request = ChangesRequest.model_validate_json(body)
        except ValidationError as error:
            return _fault("failed", f"not understood: {error.error_count()} errors")
        if request.answer_id is not None:
            return self._further(request.answer_id, request.index)
        if self._comparison is None:
            return _fault("failed", "the session is still being prepared")
        if self._in_line >= _MOST_IN_LINE:
            return _fault("busy", None)
        self._in_line += 1
        try:
            async with asyncio.timeout(self._seconds), self._turn:
                return self._begin(await self._answered(self._comparison, request.path))
        except TimeoutError:
            return self._failed(f"it took longer than {self._seconds:g} s")
        except _NotChangedError:
            return _fault("not_changed", None)
        except NoRepositoryError:
            return _fault("no_repository", None)
        except NoBaseError:
            return _fault("no_base", None)
        except (GitFailedError, OSError) as error:
            return self._failed(str(error))
        finally:
            self._in_line -= 1

    async def _answered(self, comparison: Comparison, path: str | None) -> bytes:
        taken_at = self._now()
        compared = await comparison.files()
        if path is None:
            return self._list(comparison, compared, taken_at)
        for entry in compared.entries:
            if self._name(entry.name) == path:
                diff, cut = await comparison.diff(entry)
                return self._diff(self._change(entry, compared), diff, cut=cut)
        raise _NotChangedError

    def _list(self, comparison: Comparison, compared: Compared, taken_at: datetime) -> bytes:
        """Return the list, without what would be too much: files that were cloned go before new ones."""
        files = sorted(
            (self._change(entry, compared) for entry in compared.entries),
            key=lambda file: (file.status == "untracked", file.path),
        )
        kept: list[FileChange] = []
        size = 0
        for file in files[:_MOST_FILES]:
            size += len(_json(file)) + 1
            if size > _MOST_BYTES:
                break
            kept.append(file)
        return _json(
            Changes(
                base=comparison.base,
                files=tuple(sorted(kept, key=lambda file: file.path)),
                truncated=compared.cut or len(kept) < len(files),
                taken_at=taken_at,
            )
        )

    def _diff(self, file: FileChange, diff: bytes, *, cut: bool) -> bytes:
        while True:
            text = masked_diff(diff.decode("utf-8", "replace"), self._redactor)
            answer = _json(
                FileDiff(
                    path=file.path,
                    old_path=file.old_path,
                    status=file.status,
                    binary=file.binary,
                    diff=text,
                    truncated=cut,
                )
            )
            if len(answer) <= _MOST_BYTES:
                return answer
            # control characters take six times their room
            diff, cut = whole_lines(diff[: len(diff) // 2]), True

    def _change(self, entry: Entry, compared: Compared) -> FileChange:
        untracked = entry.status == "added" and entry.name in compared.untracked
        return FileChange(
            path=self._name(entry.name),
            old_path=None if entry.old_name is None else self._name(entry.old_name),
            status="untracked" if untracked else entry.status,
            additions=entry.additions,
            deletions=entry.deletions,
            binary=entry.binary,
        )

    def _name(self, name: bytes) -> str:
        return self._redactor(shown(name))

    # --- in pieces ---

    def _begin(self, whole: bytes) -> bytes:
        pieces = tuple(whole[at : at + PIECE_BYTES] for at in range(0, len(whole), PIECE_BYTES))
        answer_id = None
        if len(pieces) > 1:
            answer_id = secrets.token_hex(16)
            self._kept[answer_id] = _Kept(pieces, self._time() + _KEPT_SECONDS)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return _piece(ChangesAnswer(ok=True, answer_id=answer_id, pieces=len(pieces)), pieces[0])

    def _further(self, answer_id: str, index: int) -> bytes:
        for known in [known for known, kept in self._kept.items() if kept.until < self._time()]:
            del self._kept[known]
        kept = self._kept.get(answer_id)
        if kept is None or index >= len(kept.pieces):
            return _fault("gone", None)
        head = ChangesAnswer(ok=True, answer_id=answer_id, pieces=len(kept.pieces))
        return _piece(head, kept.pieces[index])

    def _failed(self, why: str) -> bytes:
        self._log.warning("changes_not_told", error=why)
        return _fault("failed", self._redactor(why)[:500])

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()


def _json(model: Message) -> bytes:
    return model.model_dump_json().encode()


def _fault(fault: ChangesFault, detail: str | None) -> bytes:
    return _piece(ChangesAnswer(ok=False, fault=fault, detail=detail), b"")


def _piece(head: ChangesAnswer, piece: bytes) -> bytes:
    return head.model_dump_json(exclude_none=True).encode() + b"\n" + piece
