"""The runner's link to the bus: always the same for who uses it, whatever client and credential are behind it.

A client is replaced in two ways. When its credential is due for renewal, the next client takes over before the old one
lets go: both listen for a moment, each request ends on the client on which it began, and what arrives on both counts once.
When it broke off for good, the next one comes as soon as the bus lets one in. Nothing here is buffered: what must not be
lost is in the journal, and the rest may be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

import nats.errors
from nats.aio.msg import Msg

from ccplant_contracts.launch import BusAccess
from ccplant_platform.bus.client import shown
from ccplant_platform.bus.retry import Backoff
from ccplant_platform.ending import ended
from ccplant_runner.credential import WorkCredential
from ccplant_runner.line import CredentialRefusedError, Line, UnreachableError
from ccplant_runner.log import RunnerLog
from ccplant_runner.renewal import NotRenewedError, RenewalRefusedError, Renewer

_RETRY = Backoff(base=0.5, cap=5.0, limit=1 << 30)
"""Without a limit of tries: the launch's own time limit is the limit."""
_PATIENCE_SECONDS = 15.0
"""How long an old client may finish what is under way; longer than any request takes."""
_REMEMBERED = 256

Handler = Callable[[str, bytes], Awaitable[bytes | None]]
"""Takes the last token of the subject and the body; returns the answer, where one is due."""


class BusLink:
    """Connects, stays connected, hands on what arrives."""

    def __init__(
        self,
        access: BusAccess,
        name: str,
        log: RunnerLog,
        *,
        renewer: Renewer | None = None,
        on_refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._credential = WorkCredential(access, renewable=renewer is not None)
        self._renewer = renewer
        self._on_refused = on_refused
        self._name = name
        self._log = log
        self._line: Line | None = None
        self._up = asyncio.Event()
        self._subscription: tuple[str, Handler] | None = None
        self._apart: frozenset[str] = frozenset()
        self._answering: set[asyncio.Task[None]] = set()
        self._heard: deque[str] = deque(maxlen=_REMEMBERED)
        """Reply subjects of the last requests: each request has its own, so the second with the same is a copy."""
        self._keeper: asyncio.Task[None] | None = None
        self._retiring: dict[asyncio.Task[None], Line] = {}
        self.reconnected = asyncio.Event()
        """Set each time the bus is back; whoever waits for it clears it."""

    @property
    def connected(self) -> bool:
        """Whether messages go through now."""
        return self._up.is_set()

    async def connect(self) -> None:
        """Return once connected for the first time; tries for as long as it is let.

        Raises:
            RenewalRefusedError: the launch is over (`on_refused` was called).
        """
        try:
            self._take(await self._establish())
        except RenewalRefusedError as error:
            self._on_refused(str(error))
            raise
        self._keeper = asyncio.create_task(self._keep(), name="bus-keeper")

    async def listen(self, subject: str, handler: Handler, *, apart: frozenset[str] = frozenset()) -> None:
        """Hand what arrives on a subject to the handler, also after the client was replaced.

        One after the other, but for the kinds in `apart`: what comes after these does not wait for their answers.
        """
        self._subscription = (subject, handler)
        self._apart = apart
        line = None
        while line is not self._line:
            # it may be replaced meanwhile; who comes back hears what it was subscribed to
            line = self._line
            if line is not None:
                with contextlib.suppress(nats.errors.Error):
                    await self._subscribe(line)

    async def publish(self, subject: str, payload: bytes) -> None:
        """Send without hearing whether it arrived; dropped while the bus is away."""
        line = self._line
        if line is not None and line.up:
            with line.use() as client, contextlib.suppress(nats.errors.Error):
                await client.publish(subject, payload)

    async def request(
        self, subject: str, payload: bytes, timeout: float, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Ask and wait for the answer.

        Raises:
            TimeoutError: nobody answered in time, or the bus is away.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._up.wait()
                line = self._line
                if line is None:
                    raise TimeoutError
                with line.use() as client:
                    answer = await client.request(
                        subject, payload, timeout=timeout, headers=dict(headers) if headers else None
                    )
                return answer.data
        except nats.errors.Error as error:
            raise TimeoutError(f"{subject.rsplit('.', 1)[-1]}: {type(error).__name__}") from error

    async def store(self, subject: str, payload: bytes, timeout: float) -> None:
        """Publish to a stream and wait until the stream has it.

        Raises:
            TimeoutError: it has not, or nobody knows.
        """
        answer = await self.request(subject, payload, timeout)
        if b'"error"' in answer:
            raise TimeoutError(f"the output stream refused: {answer[:200].decode('utf-8', 'replace')}")

    async def wait_connected(self) -> None:
        """Return when the bus is there."""
        await self._up.wait()

    async def close(self) -> None:
        """End the connection and do not come back."""
        if self._keeper is not None:
            await ended([self._keeper])
        await ended(self._answering)
        lines = [*self._retiring.values(), *([self._line] if self._line is not None else [])]
        await ended(self._retiring)
        for line in lines:
            await line.close()

    # --- one client after another ---

    async def _keep(self) -> None:
        while True:
            try:
                await self._next_change()
            except RenewalRefusedError as error:
                self._up.clear()
                self._on_refused(str(error))
                return
            except Exception as error:  # noqa: BLE001 - without a keeper the launch would be cut off for good
                self._log.failure("bus_keeper_failed", error=f"{type(error).__name__}: {error}")
                await asyncio.sleep(_RETRY.cap)

    async def _next_change(self) -> None:
        line = self._line
        if line is None or await self._broke_off(line):
            await self._replace(line)
        else:
            await self._renew_ahead(line)

    async def _broke_off(self, line: Line) -> bool:
        """Wait until the client is over (True) or its credential is due for renewal."""
        try:
            async with asyncio.timeout(self._credential.renew_in()):
                await line.over.wait()
        except TimeoutError:
            return line.over.is_set()
        return True

    async def _renew_ahead(self, old: Line) -> None:
        """Renew while the old client works; it goes on where that does not come about."""
        if self._renewer is None:
            return
        try:
            await self._renewer.renew(self._credential)
            line = await self._dial()
        except NotRenewedError:
            return
        except UnreachableError as error:
            # the client that is there has the credential from before: it comes back with it, or is over
            self._log.warning("bus_client_not_replaced", error=str(error))
            return
        except CredentialRefusedError as error:
            self._log.warning("bus_credential_refused_when_new", error=str(error))
            self._credential.ended(expired=False)
            self._credential.not_renewed()
            return
        was_up = old.up
        self._take(line)
        self._retire(old)
        if not was_up:
            self.reconnected.set()

    async def _replace(self, old: Line | None) -> None:
        if old is not None:
            self._log.warning("bus_client_replaced", expired=old.expired)
            if old.refused and old.access is self._credential.access:
                self._credential.ended(expired=old.expired)
            self._line = None
            self._retire(old)
        self._take(await self._establish())
        self.reconnected.set()

    async def _establish(self) -> Line:
        """Return a connected client, however long it takes.

        Raises:
            RenewalRefusedError: the launch is over.
        """
        failures = 0
        while True:
            try:
                if self._renewer is not None and self._credential.due:
                    await self._renewed_or_still_good(self._renewer)
                return await self._dial()
            except (UnreachableError, NotRenewedError) as error:
                problem = f"{type(error).__name__}: {error}"
            except CredentialRefusedError as error:
                problem = f"the credential is refused ({error})"
                self._credential.ended(expired="expired" in str(error).lower())
            if failures % 20 == 0:
                self._log.warning("bus_unreachable", server=shown(self._credential.access.url), error=problem)
            failures += 1
            await asyncio.sleep(_RETRY.delay(failures) or _RETRY.cap)

    async def _renewed_or_still_good(self, renewer: Renewer) -> None:
        try:
            await renewer.renew(self._credential)
        except NotRenewedError:
            if self._credential.over:
                raise

    async def _dial(self) -> Line:
        """Return a connected client that listens already."""
        line = Line(self._credential.access, self._name, self._log)
        await line.dial()
        try:
            await self._subscribe(line)
        except (nats.errors.Error, TimeoutError) as error:
            await line.close()
            raise UnreachableError(f"lost while it was set up: {type(error).__name__}") from error
        return line

    def _take(self, line: Line) -> None:
        """Send on this client from now on."""

        def changed(up: bool) -> None:
            if line is self._line:
                if up:
                    self._up.set()
                    self.reconnected.set()
                else:
                    self._up.clear()

        self._line = line
        line.on_change = changed
        if line.up:
            self._up.set()
        else:
            self._up.clear()

    def _retire(self, line: Line) -> None:
        task = asyncio.create_task(line.retire(_PATIENCE_SECONDS), name="bus-retire")
        self._retiring[task] = line
        task.add_done_callback(lambda task: self._retiring.pop(task, None))

    async def _subscribe(self, line: Line) -> None:
        if self._subscription is None:
            return
        subject, handler = self._subscription

        async def arrived(message: Msg) -> None:
            kind = message.subject.rsplit(".", 1)[-1]
            if not comes_from_the_control_plane(kind, message.reply):
                self._log.warning("reflected_message_dropped", kind=kind)
                return
            if message.reply and message.reply in self._heard:
                return
            if message.reply:
                self._heard.append(message.reply)
            if kind in self._apart:
                task = asyncio.create_task(answered(kind, message), name=f"bus-{kind}")
                self._answering.add(task)
                task.add_done_callback(self._answered)
            else:
                await answered(kind, message)

        async def answered(kind: str, message: Msg) -> None:
            answer = await handler(kind, message.data)
            if answer is not None and message.reply:
                with contextlib.suppress(nats.errors.Error):
                    await message.respond(answer)

        await line.subscribe(subject, arrived)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._log.failure("request_not_answered", error=f"{type(error).__name__}: {error}")


def comes_from_the_control_plane(kind: str, reply: str) -> bool:
    """Tell whether a message can be one that the control plane sent; pure.

    Whoever may ask JetStream for something can have its answer sent to any subject, ours too: the server checks who
    publishes, and not where its own answers go. Such an answer has no address to reply to, or JetStream's own. All that is
    asked of a runner has an inbox there, but for `stored`, which no such answer can be taken for.
    """
    return kind == "stored" or (reply != "" and not reply.startswith("$"))
