"""What the runner says about its own end, where the runtime finds it when the process is gone (D2)."""

from __future__ import annotations

import os
from pathlib import Path

from ccplant_contracts.launch import MAX_TERMINATION_BYTES, LastWord

_VARIABLE = "CCPLANT_TERMINATION_LOG"
FILE_NAME = "last_word.json"


def write_last_word(word: LastWord, state_dir: Path) -> None:
    """Write it whole; a termination log of Kubernetes takes 4,096 bytes, so it is cut to that.

    Raises:
        OSError: it cannot be written.
    """
    target = os.environ.get(_VARIABLE)
    payload = fit_last_word(word)
    if target:
        # a file that Kubernetes mounts can be written, not replaced
        Path(target).write_bytes(payload)
        return
    path = state_dir / FILE_NAME
    draft = path.with_suffix(".new")
    draft.write_bytes(payload)
    draft.replace(path)


def fit_last_word(word: LastWord, max_bytes: int = MAX_TERMINATION_BYTES) -> bytes:
    """Drop log lines, oldest first, then the rest's length, until it fits."""
    if word.detail is not None and len(word.detail) > 1_000:
        word = word.model_copy(update={"detail": word.detail[:1_000] + "…"})
    word = word.model_copy(update={"log_tail": tuple(line[:500] for line in word.log_tail)})
    while True:
        payload = word.model_dump_json().encode("utf-8", "replace")
        if len(payload) <= max_bytes:
            return payload
        if not word.log_tail:
            detail = (word.detail or "")[:200]
            return (
                word.model_copy(update={"detail": detail, "evidence": {}})
                .model_dump_json()
                .encode("utf-8", "replace")
            )
        word = word.model_copy(update={"log_tail": word.log_tail[1:]})
