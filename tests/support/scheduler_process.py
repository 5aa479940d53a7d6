"""A scheduler as a process of its own, for tests that kill and freeze it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ccplant_platform.faults import VARIABLE
from ccplant_platform.settings import BusSettings, MongoSettings
from tests.support.waiting import eventually

_READY = "scheduler_ready"


@dataclass
class SchedulerProcess:
    """One replica."""

    folder: Path
    name: str
    mongo: MongoSettings
    bus: BusSettings
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """All that it, and those before it of this name, said."""
        return self._log.read_text(encoding="utf-8")

    @property
    def _log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def running(self) -> bool:
        """Whether it is there, frozen or not."""
        return self.process is not None and self.process.poll() is None

    def spawn(self, *, fault: str = "") -> None:
        """Start it and do not wait."""
        environment = {
            **os.environ,
            "CCPLANT_MONGODB_URL": str(self.mongo.mongodb_url),
            "CCPLANT_MONGODB_DATABASE": self.mongo.mongodb_database,
            "CCPLANT_NATS_URL": self.bus.nats_url,
            "CCPLANT_NATS_CREDENTIALS_FILE": str(self.bus.nats_credentials_file),
            "CCPLANT_SCHEDULER_LOOK_SECONDS": "1",
            VARIABLE: fault,
        }
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ccplant_scheduler"], env=environment, stdout=log, stderr=log
            )

    async def start(self, *, fault: str = "") -> None:
        """Start it and wait until it looks after schedules."""
        before = self.log.count(_READY) if self._log.exists() else 0
        self.spawn(fault=fault)

        def ready() -> bool:
            if self.log.count(_READY) > before:
                return True
            if not self.running:
                raise RuntimeError(f"it ended: {self.log[-3_000:]}")
            return False

        await eventually(ready, 60)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def frozen(self) -> bool:
        """Whether it stands still."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        return status.rpartition(")")[2].split()[0] == "T"

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
