"""From a session's document to the file that its runner is given.

The specification carries every secret of the launch, so it is built at the last moment, handed to the runtime, and kept
nowhere else: neither the document nor a log ever holds the credential of the bus.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ccplant_contracts.ids import pod_name
from ccplant_contracts.launch import BusAccess, GitAccess, LaunchSpec
from ccplant_contracts.session import SessionConfig
from ccplant_orchestrator.runtimes.protocol import LaunchRef, Volume
from ccplant_store.sessions.model import LaunchDoc, SessionDoc


class BusAccessIssuer(Protocol):
    """Makes the two credentials of one launch: one to work with, and one to renew that with."""

    def work(self, launch_id: str) -> BusAccess: ...
    def renewal(self, launch_id: str) -> BusAccess: ...


class ModelAccess(Protocol):
    """How an agent of one launch reaches its model: the part of its environment that says where and with what."""

    def environment(self, agent: str, launch_id: str) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class KeyInEnvironment:
    """Every session of an agent gets the same key. A gateway that holds it would give an address and a token instead."""

    by_agent: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def environment(self, agent: str, launch_id: str) -> Mapping[str, str]:
        """Return what was given for this agent."""
        return self.by_agent.get(agent, {})


class GitAccessLookup(Protocol):
    """Finds what a session's git is given of its owner."""

    async def __call__(self, session: SessionDoc, /) -> GitAccess | None: ...


async def no_git_access(_session: SessionDoc, /) -> GitAccess | None:
    """Give nobody anything: there is no key by which tokens could be kept."""
    return None


@dataclass(frozen=True)
class AgentDefaults:
    """What agents get besides what the session says."""

    default_agent: str
    model_access: ModelAccess = field(default_factory=KeyInEnvironment)
    directory: str | None = None
    provider_wait_seconds: float = 300.0

    @staticmethod
    def load(
        default_agent: str,
        env_file: Path | None,
        directory: Path | None,
        *,
        provider_wait_seconds: float = 300.0,
    ) -> AgentDefaults:
        """Read the agents' environment from its private file.

        Raises:
            ValueError: the file is not an object of objects of strings.
        """
        environment: dict[str, dict[str, str]] = {}
        if env_file is not None:
            content = json.loads(env_file.read_text())
            if not isinstance(content, dict) or not all(isinstance(item, dict) for item in content.values()):
                raise ValueError(f"{env_file}: expected an object of objects, agent to environment")
            environment = {
                agent: {str(k): str(v) for k, v in item.items()} for agent, item in content.items()
            }
        return AgentDefaults(
            default_agent,
            KeyInEnvironment(environment),
            str(directory) if directory else None,
            provider_wait_seconds,
        )


def launch_ref(session: SessionDoc, launch: LaunchDoc) -> LaunchRef:
    """Name a launch for the runtime."""
    return LaunchRef(
        session_id=session.id,
        launch_id=launch.id,
        attempt=launch.attempt,
        pod_name=pod_name(session.id, launch.attempt),
    )


def volume_of(session: SessionDoc) -> Volume | None:
    """Return the volume that the session works on, None where it has none."""
    if session.volume_id is None:
        return None
    config = SessionConfig.model_validate(session.config)
    return Volume(session.volume_id, session.owner, config.pvc_storage_size)


def launch_spec(
    session: SessionDoc,
    launch: LaunchDoc,
    *,
    issue: BusAccessIssuer,
    agents: AgentDefaults,
    start_timeout_seconds: float,
    workspace: str = "",
    state_dir: str = "",
    git: GitAccess | None = None,
) -> LaunchSpec:
    """Build the runner's specification; the runtime fills in the two directories."""
    config = SessionConfig.model_validate(session.config)
    agent = config.agent or agents.default_agent
    given = dict(agents.model_access.environment(agent, launch.id))
    environment = {**given, **{name: item.value for name, item in config.env.items()}}
    return LaunchSpec(
        session_id=session.id,
        launch_id=launch.id,
        attempt=launch.attempt,
        owner=session.owner,
        mode=session.mode,
        bus=issue.work(launch.id),
        bus_renewal=issue.renewal(launch.id),
        workspace=workspace,
        state_dir=state_dir,
        agent=agent,
        model=config.model,
        repository=session.repository,
        branch=session.branch,
        git=git,
        setup_script=config.setup_script,
        conversation=session.resumes,
        env=environment,
        secrets=tuple(
            sorted(
                config.secrets()
                | {value for value in given.values() if len(value) >= 8}
                | ({git.token} if git is not None else set())
            )
        ),
        mcp_servers=dict(config.mcp_servers),
        policy=config.policy_for(session.mode),
        agent_dir=agents.directory,
        start_timeout_seconds=start_timeout_seconds,
        provider_wait_seconds=agents.provider_wait_seconds,
    )
