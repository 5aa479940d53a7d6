"""Fetches the files of a prompt before the agent is told of it: piece by piece, compared with their digest, all or none.

Each piece is asked for until it comes, since either side may be away for a while; after too long without one, or where it
is said that there is none, the prompt fails with the reason: an agent that was told of a file must find it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

from ccplant_contracts.attachment import AttachedFile
from ccplant_contracts.launch import PieceAnswer, PieceRequest
from ccplant_contracts.stream import BLOB_CHUNK_BYTES
from ccplant_contracts.subjects import runner_out
from ccplant_runner.agents.driver import PromptFile, TurnFailedError
from ccplant_runner.attached_folder import AttachedFolder, InTheWayError, attached_folder, names_on_disk
from ccplant_runner.bus import BusLink
from ccplant_runner.log import RunnerLog

_PIECE_SECONDS = 10.0
_PATIENCE_SECONDS = 120.0
_LONGEST_PAUSE = 5.0


class AttachmentFetcher:
    """Brings files from the control plane into the workspace."""

    def __init__(
        self,
        bus: BusLink,
        log: RunnerLog,
        *,
        launch_id: str,
        workspace: Path,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._bus = bus
        self._log = log
        self._subject = runner_out(launch_id, "attachment")
        self._workspace = workspace
        self._patience = patience_seconds

    async def fetch(self, prompt_id: str, files: Sequence[AttachedFile]) -> tuple[PromptFile, ...]:
        """Return the files as they are in the workspace now.

        Raises:
            TurnFailedError: one cannot be had, and why.
        """
        found: list[PromptFile] = []
        try:
            with attached_folder(self._workspace, prompt_id) as folder:
                for file, name in zip(files, names_on_disk([file.name for file in files]), strict=True):
                    await self._bring(file, folder, name)
                    found.append(
                        PromptFile(
                            path=folder.path / name,
                            name=file.name,
                            media_type=file.media_type,
                            size=file.size_bytes,
                        )
                    )
        except InTheWayError as error:
            raise TurnFailedError(
                f"the files of the message cannot be put into the workspace: {error}"
            ) from error
        except OSError as error:
            words = error.strerror or type(error).__name__
            raise TurnFailedError(
                f"the files of the message cannot be put into the workspace: {words}"
            ) from error
        return tuple(found)

    async def _bring(self, file: AttachedFile, folder: AttachedFolder, name: str) -> None:
        digest, pieces = hashlib.sha256(), -(-file.size_bytes // BLOB_CHUNK_BYTES)
        with folder.file(name) as write:
            for index in range(pieces):
                piece = await self._piece(file, index)
                digest.update(piece)
                write(piece)
            if digest.hexdigest() != file.sha256:
                raise TurnFailedError(f"the file {file.name} arrived changed; send it again")

    async def _piece(self, file: AttachedFile, index: int) -> bytes:
        """Ask for a piece until it comes.

        Raises:
            TurnFailedError: it does not come, or there is none.
        """
        request = PieceRequest(attachment_id=file.attachment_id, index=index).model_dump_json().encode()
        size = min(BLOB_CHUNK_BYTES, file.size_bytes - index * BLOB_CHUNK_BYTES)
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._patience
        attempt = 0
        while loop.time() < ends:
            try:
                head, _, piece = (
                    await self._bus.request(self._subject, request, min(_PIECE_SECONDS, ends - loop.time()))
                ).partition(b"\n")
                answer = PieceAnswer.model_validate_json(head)
            except (TimeoutError, ValueError) as error:
                self._log.warning(
                    "attachment_piece_not_had", attempt=attempt, index=index, error=type(error).__name__
                )
                await asyncio.sleep(min(_LONGEST_PAUSE, 0.2 * 2**attempt, max(0.0, ends - loop.time())))
                attempt = min(attempt + 1, 10)
                continue
            if not answer.ok:
                raise TurnFailedError(f"the file {file.name} cannot be had: {answer.detail}")
            if len(piece) != size:
                raise TurnFailedError(f"the file {file.name} arrived changed; send it again")
            return piece
        raise TurnFailedError(
            f"the file {file.name} could not be fetched within {self._patience:g} s: the control plane did not answer"
        )
