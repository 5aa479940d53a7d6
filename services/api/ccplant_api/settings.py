"""The gateway's own settings; what the bus, MongoDB and the log need is in `ccplant_platform.settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ccplant_api.http.rate_limits import Kind
from ccplant_contracts.attachment import ATTACHMENT_BYTES


class ApiSettings(BaseSettings):
    """How the gateway is reached, whom it knows at first, and how much it takes."""

    model_config = SettingsConfigDict(env_prefix="CCPLANT_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address that the gateway listens on.")
    port: int = Field(8080, ge=0, le=65_535, description="Port that the gateway listens on.")
    public_base_url: str | None = Field(
        None,
        description="How clients reach the gateway, `https://cc-api.example.com` say; None: as the request says.",
    )
    webhook_url: str | None = Field(
        None,
        description="How GitHub reaches the ingest, `https://hooks.example.com` say: `/webhooks/{id}` is put behind it. "
        "None: the gateway's own host with `CCPLANT_INGEST_PORT`.",
    )
    ingest_port: int = Field(
        8081, ge=0, le=65_535, description="Port of the ingest, where `CCPLANT_WEBHOOK_URL` does not say."
    )
    trust_proxy_headers: bool = Field(
        False,
        description="Whether `X-Forwarded-Proto` and `X-Forwarded-Host` are believed; only behind a proxy.",
    )
    runtime: Literal["local", "kubernetes"] = Field("local", description="What sessions run on.")
    kubernetes_namespace: str = Field(
        "default", description="Namespace of the Pods, PVCs and Secrets of sessions."
    )
    allowed_images: str = Field(
        "",
        description="Images that a session may name in `config.image`, separated by commas; `*` at an end is any rest.",
    )
    known_agents: str = Field(
        "demo,claude-code,codex,gemini-cli,opencode",
        description="Agents that a session may name, separated by commas.",
    )
    default_agent: str = Field("demo", description="The agent of a session that names none.")
    bootstrap_token_file: Path | None = Field(
        None, description="File with a token that is known from the start, for the first sign-in."
    )
    bootstrap_user: str = Field("local", description="Who the bootstrap token signs in, as an admin.")
    max_webhooks_per_owner: int = Field(500, ge=0, description="Webhooks that one owner may have.")
    max_schedules_per_owner: int = Field(500, ge=0, description="Schedules that one owner may have.")
    web_dir: Path | None = Field(
        None,
        description="Folder with the built web UI, where it is not the one that is installed with the gateway.",
    )
    start_timeout_seconds: float = Field(
        600, gt=0, description="The orchestrator's, from which clients are told when a start is given up."
    )
    pod_start_timeout_seconds: float = Field(300, gt=0, description="The same, of a Pod that cannot start.")
    max_body_bytes: int = Field(1_000_000, ge=1_000, description="Largest request body, in bytes.")
    body_timeout_seconds: float = Field(30, gt=0, description="How long a request's body may take to arrive.")
    max_attachment_bytes: int = Field(
        ATTACHMENT_BYTES,
        ge=1,
        le=ATTACHMENT_BYTES,
        description="Largest file that a message may have, in bytes.",
    )
    max_session_attachments: int = Field(200, ge=0, description="Files that one session may hold.")
    max_session_attachment_bytes: int = Field(
        250_000_000, ge=0, description="Bytes that the files of one session may have together."
    )
    upload_timeout_seconds: float = Field(300, gt=0, description="How long a file may take to arrive.")
    command_timeout_seconds: float = Field(
        2,
        gt=0,
        description="How long the bus may take to take a command; the resync makes up for a lost one.",
    )
    watch_poll_seconds: float = Field(
        5, ge=1, description="How often the versions of watched sessions are compared with MongoDB."
    )
    sse_heartbeat_seconds: float = Field(
        15, gt=0, description="Pause after which an SSE stream sends a comment."
    )
    viewer_queue_frames: int = Field(1_024, ge=16, description="Frames that may wait for one viewer.")
    viewer_queue_bytes: int = Field(4_000_000, ge=64_000, description="Bytes that may wait for one viewer.")
    max_viewers: int = Field(2_000, ge=1, description="WebSocket and SSE connections that one gateway takes.")
    rate_limit_session_creation: int = Field(
        10, ge=0, description="Sessions that one owner may create, or recreate, in a minute; 0: no limit."
    )
    rate_limit_list: int = Field(
        100, ge=0, description="How often one owner may list sessions in a minute; 0: no limit."
    )
    rate_limit_users: int = Field(
        60,
        ge=0,
        description="Requests below `/api/v1/users` that one owner may make in a minute; 0: no limit.",
    )
    rate_limit_others: int = Field(
        1_000, ge=0, description="All other requests that one owner may make in a minute; 0: no limit."
    )
    credential_check_seconds: float = Field(
        5,
        ge=0.1,
        description="How often the credentials of open WebSocket and SSE connections are looked up again.",
    )
    graceful_stop_seconds: float = Field(
        5, gt=0, description="How long open requests may take when it stops."
    )

    @field_validator("public_base_url", "webhook_url")
    @classmethod
    def _base_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @property
    def rate_limits(self) -> dict[Kind, int]:
        """Requests that one owner may make in a minute, by their kind."""
        return {
            "session_creation": self.rate_limit_session_creation,
            "list": self.rate_limit_list,
            "users": self.rate_limit_users,
            "others": self.rate_limit_others,
        }

    @property
    def namespace(self) -> str:
        """What answers show as the namespace of sessions."""
        return self.kubernetes_namespace if self.runtime == "kubernetes" else "local"

    @property
    def limits_enforced(self) -> bool:
        """Whether CPU and memory limits bind, or are only shown."""
        return self.runtime == "kubernetes"

    @property
    def images(self) -> tuple[str, ...]:
        """The images that a session may name."""
        return tuple(name.strip() for name in self.allowed_images.split(",") if name.strip())

    def allows_image(self, image: str) -> bool:
        """Tell whether a session may name this image (S2b)."""
        return any(
            image.startswith(allowed[:-1]) if allowed.endswith("*") else image == allowed
            for allowed in self.images
        )

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents that a session may name; the default one is always among them."""
        named = [name.strip() for name in self.known_agents.split(",") if name.strip()]
        return tuple(dict.fromkeys([*named, self.default_agent]))
