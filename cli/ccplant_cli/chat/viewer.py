"""One viewer of a session: takes what arrives, shows it, and lets others wait for what they need to see.

All that arrives passes through one task, in order. While a request of ours is on its way (`quiet`), nothing is taken, so
that the echo of a prompt is never taken for somebody else's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from ccplant_cli.chat.feed import Ended, Feed, FeedItem, Lost
from ccplant_cli.chat.screen import Screen
from ccplant_cli.chat.transcript import Said, Transcript, TurnSeen
from ccplant_cli.chat.turns import Outcome, Turns
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError
from ccplant_cli.language import either, say

GRACE = 3.0
"""Seconds that the stream has to tell an end that a prompt's document has told already."""
FINAL = ("completed", "failed", "terminated")
_STATE = ("hello", "session", "prompt", "permission", "activity", "error", "pong")


@dataclass(slots=True)
class Viewer:
    """What is known of a session, and what of it was shown."""

    screen: Screen
    session: Document
    transcript: Transcript
    as_json: bool = False
    turns: Turns = field(default_factory=Turns)
    permissions: dict[str, Document] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    """Prompts that were typed here and need no echo."""
    greeted: bool = False
    """Whether the first frame came, so that prompts and requests are known."""
    recorded: int = 0
    """The last durable event that there was when the first frame came."""
    ended: bool = False
    shown: int = 0
    """How often something was written, so that a prompt marker knows when it scrolled away."""
    quiet: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _lost: bool = False
    _reason: str = ""
    """What the server said last before it closes; told only where the close is no ordinary end."""

    def since(self) -> int | None:
        """Return the last durable event that was taken; None: from now on."""
        return None if self.transcript.last_seq < 0 else self.transcript.last_seq

    @contextlib.asynccontextmanager
    async def watching(self, feed: Feed) -> AsyncIterator[None]:
        """Watch in the background as long as the block runs."""
        self._task = asyncio.create_task(self._watch(feed), name="viewer")
        try:
            yield
        finally:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, CliError):
                await self._task

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for a condition, or for the end of the session's stream.

        Raises:
            CliError: the connection was lost for good.
        """
        assert self._task is not None  # noqa: S101 - callers are inside `watching`
        while not reached() and not self.ended:
            if self._task.done():
                self._task.result()
                return
            self._changed.clear()
            changed = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait({changed, self._task}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                changed.cancel()

    async def catch_up(self) -> None:
        """Wait until what was said before is shown; not for long, for somebody may want to type.

        Raises:
            CliError: the connection was lost for good.
        """
        await self.until(lambda: self.greeted)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self.until(lambda: self.transcript.last_seq >= self.recorded)

    async def finish(self, prompt_id: str) -> Outcome:
        """Wait for a turn's end, and for the last of its text.

        Raises:
            CliError: the connection was lost for good.
        """
        turns = self.turns
        await self.until(
            lambda: turns.outcome(prompt_id) is not None or turns.last_word(prompt_id) is not None
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await self.until(lambda: turns.outcome(prompt_id) is not None)
        return turns.outcome(prompt_id) or turns.last_word(prompt_id) or Outcome("unknown")

    def pending_permissions(self) -> list[Document]:
        """Return the permission requests that wait for an answer, oldest first."""
        waiting = [item for item in self.permissions.values() if item.text("state") == "pending"]
        return sorted(waiting, key=lambda item: (item.text("requested_at"), item.text("permission_id")))

    async def _watch(self, feed: Feed) -> None:
        try:
            async for item in feed.frames():
                async with self.quiet:
                    self.take(item)
                self._changed.set()
        finally:
            self._changed.set()

    def take(self, item: FeedItem) -> None:
        """Take one thing that arrived."""
        match item:
            case Ended():
                self.ended = True
            case Lost(reason):
                if not self._lost:
                    self._line(say("chat.lost", cause=self._reason or reason), "yellow", urgent=True)
                self._lost, self._reason = True, ""
            case Document():
                kind = item.text("type")
                if self.as_json and kind != "delta" and self._new(item):
                    sys.stdout.write(json.dumps(item.fields, ensure_ascii=False) + "\n")
                    sys.stdout.flush()
                if kind in _STATE:
                    self._state(kind, item.inner("data"))
                else:
                    self._stream(item)

    def _new(self, frame: Document) -> bool:
        return "seq" not in frame or frame.integer("seq") > self.transcript.last_seq

    def _stream(self, frame: Document) -> None:
        for item in self.transcript.take(frame):
            if isinstance(item, TurnSeen):
                self.turns.turn(item)
            if isinstance(item, Said) and item.voice == "user" and item.message_id in self.own:
                continue
            if not self.as_json:
                self.shown += 1
                self.screen.show(item)

    def _state(self, kind: str, data: Document) -> None:
        match kind:
            case "hello":
                if self._lost:
                    self._line(say("chat.back"), "dim", urgent=True)
                self._lost, self.greeted, self.recorded = False, True, data.integer("last_seq")
                self._session(data.inner("session"))
                for prompt in data.each("prompts"):
                    self.turns.prompt(prompt)
                for permission in data.each("permissions"):
                    self._permission(permission)
                if self.transcript.last_seq < 0:
                    self.transcript.last_seq = data.integer("last_seq")
            case "session":
                self._session(data)
            case "prompt":
                self.turns.prompt(data)
            case "permission":
                self._permission(data)
            case "error":
                self._reason = data.text("message")
            case _:
                pass

    def _permission(self, document: Document) -> None:
        permission_id = document.text("permission_id")
        known = self.permissions.get(permission_id)
        if known is None or known.integer("version") <= document.integer("version"):
            self.permissions[permission_id] = document

    def _session(self, document: Document) -> None:
        if not document or document.integer("version") < self.session.integer("version"):
            return
        before, self.session = self.session, document
        status = document.text("status")
        told = either(document.inner("status_message").fields)
        if status != before.text("status") or (
            status == "pending" and told != either(before.inner("status_message").fields)
        ):
            badge = say(f"status.{status}") if status in ("pending", "running", *FINAL) else status
            self._line(
                f"● {badge}" + (f": {told}" if told else ""), "green" if status == "running" else "yellow"
            )

    def _line(self, text: str, colour: str, *, urgent: bool = False) -> None:
        if not self.as_json:
            self.shown += 1
            self.screen.aside(text, colour, urgent=urgent)
