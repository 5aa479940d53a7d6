"""What a repository tells its agents (CLAUDE.md, AGENTS.md …), as text.

An agent that is told not to trust a repository's settings does not read this file either. It is text for the model and
runs nothing, so it is handed over by another way.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

MEMORY_FILES = ("AGENTS.md", "GEMINI.md", "CLAUDE.md")
_MAX_MEMORY_FILE = 100_000
_BEGINNING = "Contents of the project's "


def project_memory(workspace: Path, names: Sequence[str]) -> str | None:
    """Return the first of these files that says something, bounded; a link out of the workspace is not followed."""
    root = workspace.resolve()
    for name in names:
        path = workspace / name
        try:
            if not path.resolve().is_relative_to(root) or not path.is_file():
                continue
            with path.open("rb") as file:
                text = file.read(_MAX_MEMORY_FILE).decode("utf-8", "replace")
        except OSError:
            continue
        if text.strip():
            return f"{_BEGINNING}{name}:\n\n{text}"
    return None


def keep_as_own(path: Path, memory: str | None) -> None:
    """Put it where an agent looks for its user's own words, unless the user has said something there.

    Raises:
        OSError: it cannot be written.
    """
    try:
        theirs = not path.read_text(encoding="utf-8", errors="replace").startswith(_BEGINNING)
    except FileNotFoundError:
        theirs = False
    if theirs:
        return
    if memory is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(memory, encoding="utf-8")
    os.replace(new, path)  # noqa: PTH105 - the name may be a link by now: replace the link, never what it names
