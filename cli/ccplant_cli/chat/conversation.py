"""A chat: what a person types becomes prompts, answers and cancels; what the session says is shown as it comes.

Writing goes over REST with idempotency keys, because there each request has its own answer; reading goes over the
WebSocket. So a prompt that was typed while the connection broke is neither lost nor sent twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import TypeVar

from ccplant_cli.chat.asking import Request, chosen, request_of
from ccplant_cli.chat.feed import Feed
from ccplant_cli.chat.lines import Lines
from ccplant_cli.chat.turns import Outcome
from ccplant_cli.chat.viewer import FINAL, Viewer
from ccplant_cli.client import Client
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit, exit_of_turn
from ccplant_cli.language import either, say
from ccplant_cli.references import path_of

T = TypeVar("T")


class Conversation:
    """One person, or one script, and one session."""

    def __init__(self, client: Client, session: Document, viewer: Viewer, files: Sequence[str] = ()) -> None:
        self._client = client
        self._path = path_of(session.text("session_id"))
        self._viewer = viewer
        self._screen = viewer.screen
        self._feed = Feed(client.target, session.text("session_id"), viewer.since)
        self._files = list(files)
        """What goes with the next message."""
        self._asked: Request | None = None
        self._marker_at = -1
        """What `viewer.shown` was when the prompt marker was written; -1: it is not there."""
        self._answered: set[str] = set()
        self._interrupted = asyncio.Event()
        self._cancelled: str | None = None

    async def follow(self, prompt_id: str | None) -> Exit:
        """Show everything until a turn has ended, or with None until the session has; permission requests are only told."""
        async with self._watching(), self._telling_requests():
            if prompt_id is None:
                await self._heeding(self._viewer.until(lambda: False))
                return self._end_of_session()
            return self._end_of_turn(await self._heeding(self._viewer.finish(prompt_id)))

    async def piped(self, lines: Lines) -> Exit:
        """Send each line as a prompt, and the next one when its turn has ended well."""
        async with self._watching(), self._telling_requests():
            while (line := await self._heeding(lines.get())) is not None:
                if line.strip():
                    prompt_id = await self._send(line)
                    code = self._end_of_turn(await self._heeding(self._viewer.finish(prompt_id)))
                    if code is not Exit.OK:
                        return code
            return Exit.OK

    async def follow_at_terminal(self, lines: Lines, prompt_id: str | None) -> Exit:
        """As `follow`, with somebody there to answer permission requests."""
        turns = self._viewer.turns
        async with self._watching():
            if prompt_id is None:
                await self._attend(lines, lambda: False, chat=False)
                return self._end_of_session()
            await self._attend(lines, lambda: turns.last_word(prompt_id) is not None, chat=False)
            return self._end_of_turn(await self._heeding(self._viewer.finish(prompt_id)))

    async def interactive(self, lines: Lines) -> Exit:
        """Talk until the person leaves or the session ends."""
        self._screen.line(say("chat.hello"))
        async with self._watching():
            await self._attend(lines, lambda: False, chat=True)
            if self._viewer.ended:
                self._end_of_session()
        return Exit.OK

    async def _attend(self, lines: Lines, over: Callable[[], bool], *, chat: bool) -> None:
        """Draw, and act on what is typed, until it is over, the person leaves or the session ends."""
        await self._heeding(self._viewer.catch_up())
        typing = asyncio.create_task(lines.get())
        try:
            while not self._viewer.ended and not over():
                self._redraw(marker=chat)
                drawn = self._look()
                changed = functools.partial(self._differs, drawn, over)
                await self._heeding(self._first(typing, self._viewer.until(changed)))
                if typing.done():
                    line = typing.result()
                    if line is None and not chat:
                        # No keyboard any more: requests wait for another viewer.
                        await self._heeding(self._viewer.until(over))
                        return
                    if line is None or not await self._typed(line, chat=chat):
                        return
                    typing = asyncio.create_task(lines.get())
        finally:
            typing.cancel()
            self._screen.end_line()

    # -- what is on the screen ---------------------------------------------------------------------------------

    def _next_request(self) -> Request | None:
        waiting = [
            item
            for item in self._viewer.pending_permissions()
            if item.text("permission_id") not in self._answered
        ]
        return request_of(waiting[0]) if waiting else None

    def _look(self) -> tuple[str, bool, int]:
        """Return what the drawing depends on."""
        request = self._next_request()
        idle = self._viewer.turns.under_way() is None
        return request.permission_id if request else "", idle, self._viewer.shown

    def _differs(self, drawn: tuple[str, bool, int], over: Callable[[], bool]) -> bool:
        return over() or self._look() != drawn

    def _redraw(self, *, marker: bool) -> None:
        request = self._next_request()
        if self._asked is not None and (
            request is None or request.permission_id != self._asked.permission_id
        ):
            if self._asked.permission_id not in self._answered:
                self._screen.line(say("chat.answered_elsewhere"))
            self._asked = None
        if request is not None:
            if self._asked is None:
                self._asked = request
                self._put_request(request)
        elif self._viewer.turns.under_way() is not None:
            self._marker_at = -1
        elif marker and self._marker_at != self._viewer.shown and not self._screen.speaking:
            self._screen.ask("› ")
            self._marker_at = self._viewer.shown

    def _put_request(self, request: Request) -> None:
        self._marker_at = -1
        self._screen.line(say("chat.permission", title=request.title), "yellow")
        if request.detail:
            self._screen.line(f"  {request.detail}", "")
        for number, option in enumerate(request.options, start=1):
            self._screen.line(f"  {number}) {option.name}", "")
        self._screen.ask(say("chat.choose", most=len(request.options)))

    # -- what the person does ----------------------------------------------------------------------------------

    async def _typed(self, line: str, *, chat: bool) -> bool:
        """Act on a line; False: the person leaves."""
        self._screen.typed()
        self._marker_at = -1
        word = line.strip()
        if word in ("/quit", "/exit"):
            return False
        try:
            if word == "/cancel":
                await self._cancel()
            elif word == "/status":
                self._status()
            elif word == "/help":
                self._screen.line(say("chat.help"))
            elif self._asked is not None:
                await self._answer(self._asked, line)
            elif word and chat:
                await self._send(line)
        except CliError as error:
            self._screen.line(error.message, "red")
        return True

    async def _answer(self, request: Request, line: str) -> None:
        option = chosen(request.options, line)
        if option is None:
            self._screen.ask(say("chat.choose_again", most=len(request.options)))
            return
        path = f"{self._path}/permissions/{request.permission_id}"
        self._answered.add(request.permission_id)
        try:
            answer = await asyncio.to_thread(self._client.post, path, {"option": option.option_id})
        except CliError as error:
            # Answered by somebody else meanwhile: that one stands.
            if error.code is not Exit.CONFLICT:
                self._answered.discard(request.permission_id)
            self._asked = None
            raise
        self._asked = None
        away = self._viewer.session.fields.get("reachable") is False and not answer.flag("applied")
        later = say("chat.applied_later") if away else ""
        self._screen.line(say("chat.chosen", option=option.name) + later)

    async def _send(self, text: str) -> str:
        async with self._viewer.quiet:
            files = self._files
            body = {"text": text, **({"attachments": files} if files else {})}
            prompt = await asyncio.to_thread(self._client.post, f"{self._path}/messages", body)
            self._files = []
            self._viewer.turns.prompt(prompt)
            self._viewer.own.add(prompt.text("prompt_id"))
        if prompt.text("state") == "queued" and self._viewer.session.text("status") == "pending":
            self._screen.line(say("chat.waits_for_start"))
        return prompt.text("prompt_id")

    async def _cancel(self) -> None:
        prompt_id = self._viewer.turns.under_way()
        await asyncio.to_thread(
            self._client.post, f"{self._path}/cancel", {"prompt_id": prompt_id} if prompt_id else {}
        )
        self._screen.line(say("chat.cancelling") if prompt_id else say("chat.nothing_to_cancel"))

    def _status(self) -> None:
        session = self._viewer.session
        told = either(session.inner("status_message").fields)
        status = session.text("status")
        badge = say(f"status.{status}") if status else "?"
        self._screen.line(f"{session.text('name')} ({session.text('session_id')})")
        self._screen.line(
            f"● {badge}" + (f": {told}" if told else ""), "green" if status == "running" else "yellow"
        )
        if prompt_id := self._viewer.turns.under_way():
            self._screen.line(say("chat.under_way", prompt=prompt_id))

    # -- Ctrl-C ------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _watching(self) -> AsyncIterator[None]:
        """Watch the session, with Ctrl-C as a wish and not as an end."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupted.set)
        try:
            async with self._viewer.watching(self._feed):
                yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    async def _heeding(self, work: Coroutine[None, None, T]) -> T:
        """Wait for something; Ctrl-C cancels the turn, and where there is none, or again, leaves.

        Raises:
            CliError: the person left.
        """
        task = asyncio.ensure_future(work)
        try:
            while True:
                interrupt = asyncio.ensure_future(self._interrupted.wait())
                await asyncio.wait({task, interrupt}, return_when=asyncio.FIRST_COMPLETED)
                interrupt.cancel()
                if task.done():
                    return task.result()
                if not await self._ctrl_c():
                    self._screen.end_line()
                    raise CliError(say("chat.left"), Exit.INTERRUPTED)
        finally:
            task.cancel()

    async def _ctrl_c(self) -> bool:
        """Cancel the turn under way; False: there is none, or it was asked for already, so leave."""
        self._interrupted.clear()
        prompt_id = self._viewer.turns.under_way()
        if prompt_id is None or prompt_id == self._cancelled:
            return False
        self._cancelled = prompt_id
        try:
            await self._cancel()
            self._screen.line(say("chat.again_leaves"))
        except CliError as error:
            self._screen.line(error.message, "red")
        return True

    @staticmethod
    async def _first(typing: asyncio.Task[str | None], other: Coroutine[None, None, None]) -> None:
        """Wait for a typed line or for something else; only the latter is given up then."""
        watched = asyncio.ensure_future(other)
        try:
            await asyncio.wait({typing, watched}, return_when=asyncio.FIRST_COMPLETED)
            if watched.done():
                watched.result()
        finally:
            watched.cancel()

    # -- ends --------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _telling_requests(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._tell_requests())
        try:
            yield
        finally:
            task.cancel()
            # A connection that is lost for good is told by whoever waits for the turn.
            with contextlib.suppress(asyncio.CancelledError, CliError):
                await task

    async def _tell_requests(self) -> None:
        """Tell each permission request where nobody is there to choose: it waits for another viewer, or runs out."""
        while True:
            await self._viewer.until(lambda: self._next_request() is not None)
            request = self._next_request()
            if request is None:
                return
            self._answered.add(request.permission_id)
            if not self._viewer.as_json:
                self._screen.line(
                    say(
                        "chat.permission_waits", title=request.title, session=self._path.rsplit("/", 1)[-1],
                        permission=request.permission_id,
                    ),
                    "yellow",
                )  # fmt: skip

    def _end_of_turn(self, outcome: Outcome) -> Exit:
        self._screen.end_line()
        if outcome.state in ("removed", "undelivered", "unknown") and not self._viewer.as_json:
            self._screen.line(say(f"turn.{outcome.state}"), "yellow")
        return exit_of_turn(outcome.state)

    def _end_of_session(self) -> Exit:
        self._screen.end_line()
        status = self._viewer.session.text("status")
        return Exit.OK if status == "completed" else Exit.FAILED if status in FINAL else Exit.NOT_DONE
