"""An API server that plays a script: which lists and watches it answers with, in order."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from ccplant_orchestrator.runtimes.kubernetes.api import Json, Kind, Listing, WatchEvent

Step = WatchEvent | Exception


class ScriptedApi:
    """Answers `page` and `watch` from its script; past the script's end it has nothing more to say."""

    def __init__(self, *, lists: Sequence[Listing | Exception], watches: Sequence[Sequence[Step]]) -> None:
        self._lists = list(lists)
        self._watches = [list(one) for one in watches]
        self.asked: list[str] = []
        """``list`` and ``watch VERSION``, as they came."""

    async def page(self, kind: Kind, *, after: str | None = None, **_: Any) -> Listing:
        self.asked.append("list" if after is None else f"list after {after}")
        answer = self._lists.pop(0) if self._lists else ScriptEnded()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def watch(self, kind: Kind, *, version: str, **_: Any) -> AsyncGenerator[WatchEvent, None]:
        self.asked.append(f"watch {version}")
        if not self._watches:
            raise ScriptEnded
        for step in self._watches.pop(0):
            if isinstance(step, Exception):
                raise step
            yield step

    async def read(self, kind: Kind, name: str) -> Json | None:
        raise NotImplementedError

    async def create(self, kind: Kind, body: Json) -> Json:
        raise NotImplementedError

    async def merge(self, kind: Kind, name: str, change: Json) -> Json:
        raise NotImplementedError

    async def patch(self, kind: Kind, name: str, operations: Sequence[Json]) -> Json:
        raise NotImplementedError

    async def delete(self, kind: Kind, name: str, *, uid: str, grace_seconds: int | None = None) -> None:
        raise NotImplementedError

    async def log(self, pod: str, container: str, *, lines: int, most_bytes: int) -> bytes:
        raise NotImplementedError

    async def aclose(self) -> None:
        return


class ScriptEnded(Exception):  # noqa: N818 (no error: the test is over)
    """Nothing more is written."""
