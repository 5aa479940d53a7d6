"""The orchestrator's own settings; what the bus and MongoDB need is in `ccplant_platform.settings`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ccplant_orchestrator.sessions.decide import Limits


class OrchestratorSettings(BaseSettings):
    """How sessions are run and how long things may take."""

    model_config = SettingsConfigDict(env_prefix="CCPLANT_", frozen=True, extra="ignore")

    runtime: Literal["local", "kubernetes"] = Field("local", description="What sessions run on.")
    local_data_dir: Path = Field(
        Path("~/.local/share/ccplant"), description="Where the local runtime keeps its sessions."
    )
    local_anchor_pid: int | None = Field(
        None, description="Process that local sessions must not outlive (`ccplant up` gives its own)."
    )
    default_agent: str = Field("demo", description="The agent of a session that names none.")
    agent_env_file: Path | None = Field(
        None, description="Private JSON file: agent name to the environment it gets (its credentials)."
    )
    agents_dir: Path | None = Field(None, description="Where `ccplant agent install` has put agents.")
    runner_nats_url: str | None = Field(
        None, description="How runners reach the bus, where that differs from `CCPLANT_NATS_URL`."
    )
    launch_credential_seconds: float = Field(
        3_600,
        ge=5,
        le=86_400,
        description="How long a runner's bus credential is good for; it gets the next one at two thirds of that.",
    )
    github_url: str = Field(
        "https://github.com",
        description="Where repositories are that an owner's GitHub token is for: scheme, host and port; no other gets it.",
    )
    max_concurrent_launches: int = Field(
        16, ge=0, description="How many sessions may be starting at once; 0 holds all launches."
    )
    start_timeout_seconds: float = Field(
        600,
        gt=0,
        description="How long a session may be pending after its launch, clone and set-up included.",
    )
    pod_start_timeout_seconds: float = Field(
        300,
        gt=0,
        description="How long a session whose Pod cannot start for now (no room, image not pulled) may wait.",
    )
    provider_wait_seconds: float = Field(
        300,
        gt=0,
        description="How long a turn may wait for its model's provider (a limit, an overload) before it fails.",
    )
    stop_grace_seconds: float = Field(
        30, ge=0, description="How long a session that is stopped may take to end."
    )
    unreachable_after_seconds: float = Field(
        30, gt=0, description="Silence after which a runner shows as unreachable."
    )
    runner_lost_after_seconds: float = Field(
        300, gt=0, description="Silence after which a session ends as `runner_lost`."
    )
    permission_timeout_seconds: float = Field(
        600, gt=0, description="How long a permission request waits for an answer before it is rejected."
    )
    max_reconcile_attempts: int = Field(
        10, ge=1, description="Failed tries after which a session fails as `internal_error`."
    )
    resync_seconds: float = Field(5, ge=1, description="How often unfulfilled intents are looked for.")
    sweep_seconds: float = Field(
        60, ge=1, description="How often the runtime is searched for what nobody owns."
    )
    lease_ttl_seconds: float = Field(
        3.5, ge=3, description="How long a replica holds a job without renewing; another takes over after it."
    )

    @field_validator("github_url")
    @classmethod
    def _github_url(cls, value: str) -> str:
        parts = urlsplit(value.rstrip("/"))
        local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
        if not (parts.scheme == "https" or local) or not parts.hostname:
            raise ValueError("must begin with https://: tokens are sent there")
        if parts.path or parts.query or parts.fragment or parts.username:
            raise ValueError("must be scheme, host and port alone, such as https://github.com")
        return value.rstrip("/")

    def limits(self) -> Limits:
        """Return what the decision needs of these."""
        return Limits(
            start_timeout=timedelta(seconds=self.start_timeout_seconds),
            stop_grace=timedelta(seconds=self.stop_grace_seconds),
            runner_lost_after=timedelta(seconds=self.runner_lost_after_seconds),
            max_attempts=self.max_reconcile_attempts,
            pod_start_timeout=timedelta(seconds=self.pod_start_timeout_seconds),
        )
