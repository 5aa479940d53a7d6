"""What `ccplant up` was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ccplant_cli.up.ports import LOOPBACK


@dataclass(frozen=True)
class Options:
    """One start."""

    data_dir: Path
    port: int = 8080
    host: str = "127.0.0.1"
    webhook_port: int | None = None
    """Where webhooks arrive; None: 8081, or another one where that is taken."""
    nats_url: str | None = None
    nats_host: str = LOOPBACK
    """Address that the embedded NATS listens on: sessions in Pods have to reach it."""
    mongodb_url: str | None = None
    runtime: str = "local"
    agent: str = "demo"
    json: bool = False

    @property
    def in_pods(self) -> bool:
        """Whether sessions run in containers of a cluster, with what their image holds, and not on this machine."""
        return self.runtime == "kubernetes"

    @property
    def reachable_host(self) -> str:
        """Where on this machine the API answers, also when it listens everywhere."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)

    @property
    def url(self) -> str:
        """How clients on this machine reach the API."""
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """How a port of a service is reached from this machine."""
        host = self.reachable_host
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
