"""What `ccplant up` was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """One start."""

    data_dir: Path
    port: int = 8080
    host: str = "127.0.0.1"
    nats_url: str | None = None
    mongodb_url: str | None = None
    runtime: str = "local"
    agent: str = "demo"
    json: bool = False

    @property
    def reachable_host(self) -> str:
        """Where on this machine the API answers, also when it listens everywhere."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)

    @property
    def url(self) -> str:
        """How clients on this machine reach the API."""
        host = self.reachable_host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
