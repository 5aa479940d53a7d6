"""The seam between what is wanted and the place where it runs.

Every call is idempotent and may be made by any replica at any time, twice, or again after a crash between any two
lines of it: a second launch of the same id finds the first one, a launch that has ended is never started again, and
what is already gone is gone. The shared tests in ``tests/contract`` state each promise once, and every runtime
has to pass them.

The order of an end: `signal_stop` asks, `destroy` takes away all that runs and leaves the evidence (exit record,
log, the rest of the output), `release` removes the evidence, once it was read. A volume outlives launches: it is
removed by `delete_volume` alone, when its record says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

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
class Volume:
    """A session's persistent workspace; called after the session that had it first."""

    id: str
    owner: str
    size: str
    """A quantity of Kubernetes (S3); ignored where the volume exists already."""


@dataclass(frozen=True)
class StartProblem:
    """Why a launch does not run yet (D1)."""

    diagnosis: Diagnosis
    hopeless: bool = False
    """True: waiting cannot help, somebody has to change something; the session fails at once."""


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
    output_readable: bool = True
    """Whether `remaining_output` can still be read; False: what the runner had not sent is lost with its place."""
    detail: str | None = None
    """The place's own words about the end: an eviction's message, the name of a node, who deleted it."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Further facts worth keeping (D2): the memory limit, what was killed, conditions of Pod and node. JSON types."""
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

    def __init__(self, said: str = "", *, diagnosis: Diagnosis | None = None) -> None:
        super().__init__(said)
        self.diagnosis = diagnosis
        """Why, where somebody could do something about it (D1)."""


class LaunchRefusedError(Exception):
    """The place refuses to start this launch, and why: for ever, or (a quota, say) for as long as something else is so."""

    def __init__(self, diagnosis: Diagnosis, *, hopeless: bool = True) -> None:
        super().__init__(diagnosis.message.get("en", diagnosis.code))
        self.diagnosis = diagnosis
        self.hopeless = hopeless


class StillRunningError(RuntimeFailedError):
    """What was to be gone still runs after the time that its end may take."""


class VolumeInUseError(RuntimeFailedError):
    """The volume is used by another launch that has not been released."""


CurrentLaunches = Callable[[], Awaitable[AbstractSet[str]]]
"""Reads which launches something may still exist of, at the moment of the call."""
KnownVolumes = Callable[[], Awaitable[AbstractSet[str]]]
"""Reads the ids of all volumes that have a record, at the moment of the call."""


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

    async def launch(
        self, spec: LaunchSpec, ref: LaunchRef, config: SessionConfig, volume: Volume | None
    ) -> None:
        """Start the launch, or find that it was started; `spec.workspace` and `spec.state_dir` are filled in here.

        With a volume the workspace is there, as it was left; it is made where it does not exist.

        Raises:
            LaunchRefusedError: it is not started by a rule of the place, which may change or not.
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

    async def release(self, ref: LaunchRef) -> None:
        """Remove what remains of a launch that does not run; its volume stays, and is free after it.

        Raises:
            StillRunningError: it still runs.
        """

    async def delete_volume(self, volume_id: str) -> None:
        """Remove a volume with all that is on it; one that is not there is removed.

        Raises:
            VolumeInUseError: a launch that is not released uses it.
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

    async def diagnose(self, ref: LaunchRef) -> StartProblem | None:
        """Say why the launch does not run, as far as the place itself can tell (D1); None: nothing to say."""

    async def sweep(self, current: CurrentLaunches, volumes: KnownVolumes) -> int:
        """Collect what runs or lies here for no current launch; return how many launches or strays that was.

        What is there is looked for first and asked about after: a launch is written on its document before it is
        started, so one that is seen here and is not current then will never be. However long the caller was
        frozen, nothing that came up meanwhile is taken for garbage.
        The same holds for volumes: one that has a record stays, in use or not.
        Only what this runtime itself made is ever touched.
        """

    async def aclose(self) -> None:
        """Let go of watches and files; what runs goes on."""
