"""Path patterns of permission rules: as in ``.gitignore``, with ``//`` for the file system's root.

A path is judged twice, as it is written and as it is when symbolic links are followed: a cloned repository may hold a link
``src/x -> /etc``, and a rule about ``src/**`` was not meant for that.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Workspace:
    """Where relative paths begin, and how links are followed."""

    root: str
    home: str
    real: Callable[[str], str] = os.path.realpath

    def absolute(self, path: str) -> str:
        """Return the path as written, absolute and without ``..``."""
        if path == "~" or path.startswith("~/"):
            path = self.home + path[1:]
        return os.path.normpath(os.path.join(self.root, path))  # noqa: PTH118 - text only: nothing is looked up

    def contains(self, path: str) -> bool:
        """Tell whether an absolute path is the workspace, or in it."""
        roots = {self.root, self.real(self.root)}
        return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots)

    def both(self, path: str, test: Callable[[str], bool]) -> bool:
        """Tell whether the path passes as written and as it really is."""
        shown = self.absolute(path)
        return test(shown) and test(self.real(shown))

    def either(self, path: str, test: Callable[[str], bool]) -> bool:
        """Tell whether the path passes one way or the other."""
        shown = self.absolute(path)
        return test(shown) or test(self.real(shown))


def path_matches(pattern: str, path: str, workspace: Workspace) -> bool:
    """Tell whether an absolute path matches: ``//abs``, ``~/home``, ``/root``, ``./cwd``, ``anywhere.txt``."""
    if pattern.startswith("//"):
        return _matches(pattern[1:], path)
    if pattern.startswith("~/"):
        return _matches(workspace.home.rstrip("/") + pattern[1:], path)
    inner = pattern.removeprefix("./").removeprefix("/")
    if "/" not in pattern.rstrip("/"):
        inner = f"**/{inner}"
    return any(
        _matches(f"{root.rstrip('/')}/{inner}", path, literal=root)
        for root in {workspace.root, workspace.real(workspace.root)}
    )


def _matches(pattern: str, path: str, *, literal: str = "") -> bool:
    regex = _compiled(pattern[len(literal) :])
    return path.startswith(literal) and regex.fullmatch(path[len(literal) :]) is not None


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    out: list[str] = []
    at = 0
    while at < len(pattern):
        if pattern.startswith("/**/", at):
            out.append("/(?:.*/)?")
            at += 4
        elif pattern.startswith("**", at):
            out.append(".*")
            at += 2
        elif pattern[at] == "*":
            out.append("[^/]*")
            at += 1
        elif pattern[at] == "?":
            out.append("[^/]")
            at += 1
        else:
            out.append(re.escape(pattern[at]))
            at += 1
    # a pattern that names a folder speaks of everything in it
    return re.compile("".join(out).rstrip("/") + "(?:/.*)?", re.DOTALL)
