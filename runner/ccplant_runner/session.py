"""One launch from its first step to its last word: the table of contents of the runner.

Connect ‖ clone, set up, start the agent, register, and then take prompts until somebody, or something, ends it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ccplant_contracts.ids import LaunchId
from ccplant_contracts.launch import LastWord, LaunchSpec, Registration
from ccplant_contracts.session import AgentInfo
from ccplant_contracts.status import Reason
from ccplant_contracts.stream import Delta, Tool
from ccplant_contracts.subjects import runner_out
from ccplant_platform.ending import ended
from ccplant_platform.faults import fault_point
from ccplant_platform.redaction import Redactor
from ccplant_runner import __version__
from ccplant_runner.activity import Activity
from ccplant_runner.agents.driver import (
    AgentDriver,
    AgentSetting,
    AgentStartError,
    AgentUpdate,
    BackgroundChanged,
    OwnTurn,
    PermissionQuestion,
    ProviderRefused,
)
from ccplant_runner.agents.table import new_driver
from ccplant_runner.attachments import AttachmentFetcher
from ccplant_runner.blobs import BlobUploader
from ccplant_runner.bus import BusLink
from ccplant_runner.changes.opening import WorkspaceChanges
from ccplant_runner.clone import CloneFailedError, clone
from ccplant_runner.deadline import Deadline
from ccplant_runner.git_access import GitCredential, chosen_access, git_environment
from ccplant_runner.half_clone import remove_half_clone, whole_or_nothing
from ccplant_runner.heartbeat import HeartbeatSender
from ccplant_runner.inbox import APART, Inbox, StopNow
from ccplant_runner.journal import Journal
from ccplant_runner.keeper import AgentKeeper
from ccplant_runner.log import RunnerLog
from ccplant_runner.memory import MemoryKills
from ccplant_runner.paths import Workspace
from ccplant_runner.permissions import PermissionDesk
from ccplant_runner.prompts import PromptDesk
from ccplant_runner.provider import ProviderPatience
from ccplant_runner.publisher import Publisher
from ccplant_runner.registration import RefusedError, register
from ccplant_runner.renewal import RenewalRefusedError, Renewer
from ccplant_runner.setup import SetupFailedError, run_setup
from ccplant_runner.speech import Speech
from ccplant_runner.surroundings import agent_environment
from ccplant_runner.wal import WriteAheadLog, segment_bytes_for

REFUSED = 3
"""Exit code of a runner that was refused."""
_FLUSH_SECONDS = 5.0
_ASK_SECONDS = 10.0


@dataclass(frozen=True)
class Ending:
    """How a launch ends."""

    exit_code: int
    reason: Reason | None = None
    """None: it was told to."""
    detail: str | None = None
    program_exit: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    grace_seconds: float | None = None


class LaunchRun:
    """Everything of one launch, put together."""

    def __init__(self, spec: LaunchSpec, redactor: Redactor, log: RunnerLog) -> None:
        self._spec = spec
        self._log = log
        self._redactor = redactor
        self._state_dir = Path(spec.state_dir)
        self._workspace = Path(spec.workspace)
        self._home = self._state_dir / "home"
        for folder in (self._state_dir, self._workspace, self._home):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ready_file = self._state_dir / "ready"
        """There from registration to the end: a Pod is Ready while it is (S1)."""
        access = chosen_access(spec)
        self._git = GitCredential.put(access, self._state_dir) if access is not None else None
        self._env = agent_environment(self._home, {**git_environment(self._git, spec.env), **spec.env})
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._agent_info: AgentInfo | None = None

        self._bus = BusLink(
            spec.bus,
            f"runner-{spec.launch_id}",
            log,
            renewer=Renewer(spec.bus_renewal, spec, log) if spec.bus_renewal is not None else None,
            on_refused=lambda why: self._finish(Ending(REFUSED, None, f"renewal refused: {why}")),
        )
        self.journal = Journal(
            WriteAheadLog(self._state_dir / "wal", segment_bytes=segment_bytes_for(spec.log_limit_bytes)),
            redactor,
            lambda: datetime.now(UTC),
            limit_bytes=spec.log_limit_bytes,
        )
        self._activity = Activity(self.journal.say)
        self._blobs = BlobUploader(
            self._bus,
            log,
            launch_id=spec.launch_id,
            redactor=redactor,
            again=self._say_tool,
            say=self.journal.say,
        )
        self._speech = Speech(
            say=self.journal.say,
            preview=self._preview,
            large_tool=self._blobs.take,
            redactor=redactor,
        )
        self._keeper = AgentKeeper(
            self._driver,
            log,
            on_restarting=self._activity.restarting,
            on_restarted=self._tell_conversation,
            on_death=self._agent_died,
            stop_grace=spec.stop_grace_seconds,
        )
        self._permissions = PermissionDesk(
            spec.policy,
            spec.mode,
            Workspace(str(self._workspace), str(self._home)),
            self._activity,
            self.journal.say,
        )
        self._prompts = PromptDesk(
            self._keeper,
            self._speech,
            self._activity,
            self.journal.say,
            on_cancel=self._permissions.withdraw,
            on_end=self._turn_over,
            fetch=AttachmentFetcher(
                self._bus, log, launch_id=spec.launch_id, workspace=self._workspace
            ).fetch,
        )
        self._patience = ProviderPatience(
            self._activity, self._prompts.fail, limit_seconds=spec.provider_wait_seconds
        )
        self._deadline = Deadline(spec.control_plane_grace_seconds)
        self._memory = MemoryKills(self.journal.say)
        self._starved = False
        """The kernel killed for want of memory before the agent's last death."""
        self._heartbeat = HeartbeatSender(
            self._bus,
            self.journal,
            session_id=spec.session_id,
            launch_id=spec.launch_id,
            agent_state=lambda: self._activity.state,
            memory=self._memory,
        )
        self._publisher = Publisher(
            self.journal,
            self._bus,
            log,
            session_id=spec.session_id,
            launch_id=LaunchId(spec.launch_id),
            sync=self._sync,
        )
        self._changes = WorkspaceChanges(
            log, redactor, workspace=self._workspace, home=self._home, folder=self._state_dir / "changes"
        )
        self._inbox = Inbox(
            self._prompts,
            self._permissions,
            self._deadline,
            self.journal,
            self._stop_now,
            self._changes.desk,
        )

    # --- what the agent's driver tells and asks ---

    def said(self, update: AgentUpdate) -> None:
        """Take what the agent does."""
        match update:
            case BackgroundChanged(count):
                self._activity.background(count)
            case ProviderRefused():
                self._patience.refused(update)
            case OwnTurn(active):
                if not active:
                    self._patience.over()
                    self._speech.flush()
                self._activity.own_turn(active)
            case _:
                self._patience.over()
                self._speech.take(update)

    async def asked(self, question: PermissionQuestion) -> str | None:
        """Answer what the agent asks."""
        return await self._permissions.ask(question, self._speech.prompt_id)

    async def room(self) -> None:
        """Let the agent wait while the log is full."""
        await self.journal.room()

    def line(self, text: str) -> None:
        """Log what the agent wrote to its stderr."""
        self._log.program_line(self._spec.agent, text)

    # --- from start to end ---

    async def run(self) -> LastWord:
        """Run the launch; return what is to be said about its end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_now, StopNow("signal", None))
        start = asyncio.create_task(self._start(), name="start")
        start.add_done_callback(self._started)
        ending = await self._ending
        await ended([start])
        kills = self._memory.count
        await self._end(ending)
        self.exit_code = ending.exit_code
        return LastWord(
            reason=ending.reason,
            detail=self._redactor(ending.detail) if ending.detail else None,
            exit_code=ending.program_exit,
            log_tail=self._log.tail(),
            last_seq=self.journal.last_seq,
            evidence={**ending.evidence, **({"oom_kills": kills} if kills else {})},
        )

    async def _start(self) -> None:
        spec = self._spec
        connected = asyncio.create_task(self._connect(), name="connect")
        try:
            async with asyncio.timeout(spec.start_timeout_seconds):
                await self._prepare()
                self._heartbeat.step("starting_agent")
                info = await self._keeper.start(spec.conversation)
                self._heartbeat.step("registering")
                await connected
                self._agent_info = info
                await self._sync()
        except TimeoutError:
            self._finish(Ending(1, Reason.START_TIMEOUT, f"not ready after {spec.start_timeout_seconds:g} s"))
            return
        finally:
            connected.cancel()
        fault_point("runner.registered")
        self._ready_file.touch()
        self._heartbeat.step("ready")
        self._activity.ready()
        self._spawn(self._publisher.run())
        self._spawn(self._watch_agent())
        self._spawn(self._watch_deadline())
        self._log.info("ready", agent=info.name, agent_version=info.version)

    async def _connect(self) -> None:
        await self._bus.connect()
        self._spawn(self._heartbeat.run())
        await self._bus.listen(f"s.{self._spec.launch_id}.in.>", self._inbox.take, apart=APART)

    async def _prepare(self) -> None:
        spec = self._spec
        if remove_half_clone(self._workspace, self._home):
            self._log.warning("half_clone_removed")
        if spec.repository is not None:
            self._heartbeat.step("cloning")
            with whole_or_nothing(self._workspace, self._home):
                fresh = await clone(
                    spec.repository,
                    spec.branch,
                    self._workspace,
                    env=self._env,
                    redactor=self._redactor,
                    on_line=lambda text: self._log.program_line("git", text),
                    credential=self._git,
                )
            self._log.info("cloned" if fresh else "workspace_kept")
            await self._changes.open(fresh=fresh, cloned=True)
        else:
            await self._changes.open(fresh=False, cloned=False)
        if spec.setup_script:
            self._heartbeat.step("setting_up")
            await run_setup(
                spec.setup_script,
                self._workspace,
                self._state_dir,
                env=self._env,
                on_line=lambda text: self._log.program_line("setup", text),
            )

    def _tell_conversation(self) -> None:
        """An agent that died before it was spoken to has a new conversation: who resumes later has to know (S14)."""
        self._spawn(self._sync())

    async def _sync(self) -> None:
        """Register, or ask again what is stored; the answer is the same."""
        if self._agent_info is None:
            return
        registration = Registration(
            runner_version=__version__,
            session_id=self._spec.session_id,
            launch_id=self._spec.launch_id,
            agent=self._agent_info,
            conversation=self._keeper.conversation,
            last_seq=self.journal.last_seq,
        )
        try:
            answer = await register(registration, self._bus, self._log)
        except RefusedError as error:
            self._finish(Ending(REFUSED, None, f"registration refused: {error}"))
            raise
        self.journal.open(answer.next_seq, answer.stored_to)
        self._deadline.set(answer.seconds_left)

    async def _watch_agent(self) -> None:
        ended = await self._keeper.ended
        if ended.clean:
            self._finish(Ending(0, Reason.AGENT_ENDED, ended.detail, ended.exit.exit_code))
        else:
            starved = self._starved and ended.exit.signal == signal.SIGKILL
            reason = Reason.OOM_KILLED if starved else Reason.AGENT_CRASHED
            self._finish(Ending(1, reason, ended.detail, ended.exit.exit_code))

    async def _watch_deadline(self) -> None:
        while True:
            await self._deadline.passed.wait()
            self._deadline.passed.clear()
            try:
                # the limit may have been moved by a word that was lost; who answers ends the session itself in time
                async with asyncio.timeout(min(_ASK_SECONDS, 1.0 + self._spec.control_plane_grace_seconds)):
                    await self._sync()
            except TimeoutError:
                break
        self._finish(
            Ending(
                0, Reason.TIMEOUT, "the time limit was reached and the control plane did not end the session"
            )
        )

    async def _end(self, ending: Ending) -> None:
        """Cancel the turn, end the agent, and leave when everything is stored, or the grace is over."""
        grace = self._spec.stop_grace_seconds if ending.grace_seconds is None else ending.grace_seconds
        self._log.info("ending", reason=ending.reason, detail=ending.detail, grace_seconds=grace)
        self._ready_file.unlink(missing_ok=True)
        self._deadline.cancel()
        self._memory.look()
        await self._prompts.stop(min(2.0, grace / 3))
        self._permissions.withdraw()
        await self._keeper.stop(max(0.2, grace / 3))
        self._speech.flush()
        self._activity.close()
        if self.journal.last_seq and ending.exit_code != REFUSED:
            await self._blobs.finish(grace / 3)
            self._speech.flush()
            await self._drained(max(_FLUSH_SECONDS, grace / 3) if grace else 0.0)
        await ended(self._tasks)
        await self._bus.close()
        self.journal.close()
        if self._git is not None:
            self._git.remove()

    async def _drained(self, grace: float) -> None:
        try:
            async with asyncio.timeout(grace):
                await self.journal.wait_settled()
        except TimeoutError:
            self._log.warning(
                "log_not_stored", last_seq=self.journal.last_seq, stored_to=self.journal.stored_to
            )

    # --- small parts ---

    def _driver(self) -> AgentDriver:
        spec = self._spec
        setting = AgentSetting(
            workspace=self._workspace,
            home=self._home,
            env=self._env,
            mcp_servers=spec.mcp_servers,
            model=spec.model,
            agent_dir=Path(spec.agent_dir) if spec.agent_dir else None,
            deny=spec.policy.deny,
        )
        return new_driver(spec.agent, setting, self)

    def _agent_died(self) -> None:
        self._starved = self._memory.rose_before_death()
        self._permissions.withdraw()
        self._speech.flush()

    def _turn_over(self) -> None:
        self._patience.over()

    def _say_tool(self, tool: Tool) -> None:
        self._speech.tool(tool)

    def _preview(self, delta: Delta) -> None:
        if self._bus.connected:
            self._spawn(
                self._bus.publish(runner_out(self._spec.launch_id, "delta"), delta.model_dump_json().encode())
            )

    def _stop_now(self, stop: StopNow) -> None:
        self._finish(Ending(0, None, stop.reason, grace_seconds=stop.grace_seconds))

    def _started(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        match error:
            case None | RefusedError() | RenewalRefusedError():
                return
            case CloneFailedError():
                evidence = {} if error.access is None else {"access": error.access}
                self._finish(Ending(1, Reason.CLONE_FAILED, str(error), error.exit_code, evidence))
            case SetupFailedError():
                self._finish(Ending(1, Reason.SETUP_FAILED, str(error), error.exit_code))
            case AgentStartError():
                self._finish(Ending(1, Reason.AGENT_CRASHED, str(error)))
            case _:
                self._fail("start", error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=getattr(work, "__qualname__", "task"))
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, RefusedError):
            self._fail(task.get_name(), error)

    def _fail(self, where: str, error: BaseException) -> None:
        self._log.failure("runner_failed", where=where, error=f"{type(error).__name__}: {error}")
        self._finish(Ending(1, Reason.RUNNER_CRASHED, f"{where}: {type(error).__name__}: {error}"))

    def _finish(self, ending: Ending) -> None:
        if not self._ending.done():
            self._ending.set_result(ending)
