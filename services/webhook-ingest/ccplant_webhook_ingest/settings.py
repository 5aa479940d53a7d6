"""The ingester's own settings; what the bus, MongoDB and the log need is in `ccplant_platform.settings`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from ccplant_platform.settings import GROUP


class IngestSettings(BaseSettings):
    """Where deliveries arrive, how much is taken at once, and how what was taken is worked off."""

    model_config = GROUP

    ingest_host: str = Field("127.0.0.1", description="Address that the webhook ingester listens on.")
    ingest_port: int = Field(8081, ge=0, le=65_535, description="Port that the webhook ingester listens on.")
    ingest_max_body_bytes: int = Field(
        26_214_400, ge=1_000, description="Largest delivery, in bytes; GitHub sends none over 25 MB."
    )
    ingest_body_timeout_seconds: float = Field(
        10, gt=0, description="How long a delivery may take to arrive; GitHub itself gives up after 10 s."
    )
    ingest_max_requests: int = Field(
        512,
        ge=1,
        description="Deliveries that are being received at once; beyond that slow senders make way, else more are "
        "answered 503.",
    )
    ingest_max_buffered_bytes: int = Field(
        268_435_456,
        ge=1_000_000,
        description="Bytes of deliveries that are being received, of all together; more are answered 503.",
    )
    ingest_max_large: int = Field(
        4, ge=1, description="Deliveries over 1 MB that are being received at once; beyond that as above."
    )
    ingest_trust_proxy_headers: bool = Field(
        False,
        description="Whether the last address in `X-Forwarded-For` is taken for the sender's; only behind a proxy. Where "
        "too much arrives at once, addresses that send much make way to others.",
    )
    ingest_cache_seconds: float = Field(
        1.0,
        gt=0,
        le=10,
        description="How long a webhook's definition and secret are taken as known without asking MongoDB again.",
    )
    ingest_queue: int = Field(
        1_000,
        ge=1,
        description="Deliveries that may wait in memory to be processed; those beyond wait in MongoDB.",
    )
    ingest_workers: int = Field(
        8, ge=1, le=64, description="Webhooks whose deliveries are processed at once."
    )
    ingest_sweep_seconds: float = Field(
        3, gt=0, description="How often deliveries are looked for that were received and not processed."
    )
    ingest_lease_seconds: float = Field(
        20,
        ge=1,
        description="After which time a delivery that another process had taken, and not finished, is taken over.",
    )
    ingest_max_attempts: int = Field(
        10,
        ge=1,
        description="Times that a delivery is taken up before its tries are counted; after three more it fails.",
    )
    ingest_stop_seconds: float = Field(
        5, gt=0, description="How long open requests and deliveries in work may take when it stops."
    )
