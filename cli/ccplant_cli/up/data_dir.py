"""One directory holds everything of an instance, and one lock admits one instance.

Everything secret is written with mode 0600 from its first byte, and replaced as a whole: a crash in the middle leaves
the old file. The lock is the kernel's, so it goes when its holder does, however that ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ccplant_cli.up.errors import UpError


def write_private(path: Path, content: str) -> None:
    """Replace a file as a whole; nobody else can read it at any time."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def keep_secret(path: Path, prefix: str = "") -> str:
    """Return the secret in a file, made on first use and the same ever after.

    Hexadecimal digits need no escape anywhere: not in an address, a header or a key file.
    """
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    secret = prefix + secrets.token_hex(32)
    write_private(path, secret)
    return secret


@dataclass(frozen=True)
class DataDir:
    """The places in one instance's directory."""

    root: Path

    @property
    def connection(self) -> Path:
        """How a client on this machine reaches the running instance."""
        return self.root / "connection.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Which processes run, for the sweep after a crash."""
        return self.root / "run"

    @property
    def nats(self) -> Path:
        return self.root / "nats"

    @property
    def mongodb(self) -> Path:
        return self.root / "mongodb"

    @property
    def agents(self) -> Path:
        return self.root / "agents"

    def create(self) -> None:
        """Make the directories, readable by their owner alone."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.root.stat().st_uid != os.getuid():
                raise UpError("data_dir_foreign", path=self.root)
            self.root.chmod(0o700)
            for path in (self.secrets, self.logs, self.run, self.nats, self.mongodb, self.agents):
                path.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise UpError("data_dir_unusable", path=self.root, error=error.strerror or error) from error

    def lock(self) -> int:
        """Take the instance's lock and return its descriptor; it is given back when the process ends."""
        descriptor = os.open(self.root / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "?"
            os.close(descriptor)
            raise UpError("data_dir_in_use", path=self.root, pid=holder) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        return descriptor

    def remembered_ports(self) -> dict[str, int]:
        """Return the ports of the last run: the same ones again keep MongoDB's own configuration true."""
        try:
            found = json.loads((self.root / "ports.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {name: port for name, port in found.items() if isinstance(port, int)}

    def remember_ports(self, ports: Mapping[str, int]) -> None:
        """Keep the ports for the next run."""
        write_private(self.root / "ports.json", json.dumps(dict(ports)))
