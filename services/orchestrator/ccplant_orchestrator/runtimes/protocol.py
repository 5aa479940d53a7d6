"""The seam between what is wanted and the place where it runs.

Every call is idempotent and may be made by any replica at any time, twice, or again after a crash between any two
lines of it: a second launch of the same id finds the first one, a launch that has ended is never started again, and
what is already gone is gone. The shared tests in ``tests/contract`` state each promise once, and every runtime
has to pass them.

The order of an end: `signal_stop` asks, `destroy` takes away all that runs and leaves the evidence (exit record,
log, the rest of the output), `release` removes the evidence, once it was read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ccplant_contracts.launch import LastWord, LaunchSpec
from ccplant_contracts.session import Diagnosis, PodStatus, SessionConfig
from ccplant_contracts.stream import StreamEvent

Phase = Literal["starting", "running", "exited", "unknown"]
"""`exited`: nothing of the launch's runner runs any more. `unknown`: nobody can tell now; never a reason to act."""

LOG_TAIL_LINES = 50
"""How many of a log's last lines are evidence (D2)."""


@dataclass(frozen=True)
class LaunchRef:
    """Names one attempt to run a session."""

    session_id: str
    launch_id: str
    attempt: int
    pod_name: str


@dataclass(frozen=True)
class ExitRecord:
    """What is known about an end, as facts; the judgement is made elsewhere."""

    exit_code: int | None = None
    """Of the runner; None where it died by a signal or nobody saw it end."""
    signal: int | None = None
    """That the runner died by."""
    oom_killed: bool = False
    """The kernel killed something of the launch for want of memory."""
    evicted: bool = False
    node_shutdown: bool = False
    """The machine, or what the sessions must not outlive, went away."""
    deleted_from_outside: bool = False
    last_word: LastWord | None = None
    log_tail: tuple[str, ...] = ()
    complete: bool = True
    """False: more may become known within seconds (details that have not arrived, or processes still being ended)."""


@dataclass(frozen=True)
class Observation:
    """A launch as the place shows it."""

    ref: LaunchRef
    uid: str
    """Of the thing that runs, not of its name: another one with the same name is another one."""
    phase: Phase
    started_at: datetime | None
    exited_at: datetime | None
    exit: ExitRecord | None
    """There when the phase is `exited`, as far as known."""
    pod_status: PodStatus


class RuntimeFailedError(Exception):
    """A call could not be done now; the same call may succeed later."""


class LaunchRefusedError(Exception):
    """This launch can never start here, and why; trying again is of no use."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.message.get("en", diagnosis.code))
        self.diagnosis = diagnosis


class StillRunningError(RuntimeFailedError):
    """What was to be gone still runs after the time that its end may take."""


class VolumeInUseError(RuntimeFailedError):
    """The session's kept volume is claimed by another launch that has not been released."""


CurrentLaunches = Callable[[], Awaitable[AbstractSet[str]]]
"""Reads which launches something may still exist of, at the moment of the call."""


class Runtime(Protocol):
    """A place where sessions run."""

    @property
    def kind(self) -> str:
        """Its name in settings: ``local``, ``kubernetes``."""

    @property
    def limits_enforced(self) -> bool:
        """Whether CPU and memory limits bind, or are only shown."""

    @property
    def namespace(self) -> str:
        """What answers show as the session's namespace."""

    async def launch(self, spec: LaunchSpec, ref: LaunchRef, config: SessionConfig) -> None:
        """Start the launch, or find that it was started; `spec.workspace` and `spec.state_dir` are filled in here.

        Raises:
            LaunchRefusedError: it can never start here.
            RuntimeFailedError: it could not be started now.
        """

    async def signal_stop(self, ref: LaunchRef, *, grace_seconds: float) -> None:
        """Ask the runner to end itself (SIGTERM); return at once. After the grace it may be ended by force."""

    async def destroy(self, ref: LaunchRef, *, force: bool) -> None:
        """Return when nothing of the launch runs; `force` skips the grace. The evidence stays.

        A launch that was never started is thereby fenced: it will not start later.

        Raises:
            StillRunningError: something resisted within the bound.
        """

    async def release(self, ref: LaunchRef, *, keep_workspace: bool) -> None:
        """Remove what remains of a launch that does not run; `keep_workspace` spares its kept volume.

        Raises:
            StillRunningError: it still runs.
        """

    async def get(self, ref: LaunchRef) -> Observation | None:
        """Read the launch directly; None: there is none, started or ended."""

    async def list(self) -> Sequence[Observation]:
        """Read all launches that are not released."""

    def changes(self) -> AsyncIterator[Observation]:
        """List all, then follow: each start, change and end of any launch, whoever started it.

        It may tell the same twice, and skip what was replaced by something newer.
        """

    def remaining_output(self, ref: LaunchRef, after_seq: int) -> AsyncIterator[StreamEvent]:
        """Read what the runner logged beyond `after_seq`, ascending, without a gap; empty without such a log."""

    async def log_tail(self, ref: LaunchRef, lines: int = LOG_TAIL_LINES) -> tuple[str, ...]:
        """Return the last lines that runner and agent wrote, bounded in lines and in bytes."""

    async def diagnose(self, ref: LaunchRef) -> Diagnosis | None:
        """Say why the launch does not run, as far as the place itself can tell (D1); None: nothing to say."""

    async def sweep(self, current: CurrentLaunches) -> int:
        """Collect what runs or lies here for no current launch; return how many launches or strays that was.

        What is there is looked for first and asked about after: a launch is written on its document before it is
        started, so one that is seen here and is not current then will never be. However long the caller was
        frozen, nothing that came up meanwhile is taken for garbage.
        Only what this runtime itself started is ever touched; kept volumes stay.
        """

    async def aclose(self) -> None:
        """Let go of watches and files; what runs goes on."""
