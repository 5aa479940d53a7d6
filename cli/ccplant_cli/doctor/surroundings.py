"""What the examination is told: the environment as it is, or where that names nothing, the `ccplant up` of this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from ccplant_cli.up.data_dir import DataDir
from ccplant_cli.up.mongo import url_file
from ccplant_cli.up.nats import bus_directory
from ccplant_cli.up.services import inherited

_LISTEN = re.compile(r'^listen:\s*("(?:[^"\\]|\\.)*")', re.MULTILINE)


def environment_of(
    given: Mapping[str, str],
    data_dir: Path,
    *,
    runtime: str | None = None,
    namespace: str | None = None,
    instance: str | None = None,
) -> dict[str, str]:
    """Return the environment of the examination."""
    environment = inherited(given)
    data = DataDir(data_dir)
    for name, value in _of_up(data).items():
        if not any(given.get(other) for other in _group(name)):
            environment[name] = value
    chosen = {
        "CCPLANT_RUNTIME": runtime,
        "CCPLANT_KUBERNETES_NAMESPACE": namespace,
        "CCPLANT_KUBERNETES_INSTANCE": instance,
    }
    environment.update({name: value for name, value in chosen.items() if value is not None})
    environment.setdefault("CCPLANT_LOG_LEVEL", "error")
    return environment


def _of_up(data: DataDir) -> dict[str, str]:
    """Return what `ccplant up` tells its orchestrator, as far as its data directory says it."""
    found: dict[str, str] = {}
    bus = bus_directory(data)
    try:
        listen = _LISTEN.search((bus / "nats.conf").read_text(encoding="utf-8"))
    except OSError:
        listen = None
    if listen is not None:
        found["CCPLANT_NATS_URL"] = f"nats://{json.loads(listen[1])}"
        found["CCPLANT_NATS_CREDENTIALS_FILE"] = str(bus / "orchestrator.json")
        found["CCPLANT_NATS_SIGNING_FILE"] = str(bus / "signing.json")
    if url_file(data).is_file():
        found["CCPLANT_MONGODB_URL_FILE"] = str(url_file(data))
    try:
        running = json.loads(data.connection.read_text(encoding="utf-8"))
        found["CCPLANT_WEBHOOK_URL"] = str(running["webhook_url"])
    except (OSError, ValueError, LookupError, TypeError):
        pass  # it does not run now
    found["CCPLANT_LOCAL_DATA_DIR"] = str(data.root)
    return found


def _group(name: str) -> tuple[str, ...]:
    """Return the variables of which one that is set means that none of the group is guessed."""
    groups = (
        ("CCPLANT_NATS_URL", "CCPLANT_NATS_CREDENTIALS_FILE", "CCPLANT_NATS_SIGNING_FILE"),
        ("CCPLANT_MONGODB_URL", "CCPLANT_MONGODB_URL_FILE"),
    )
    return next((group for group in groups if name in group), (name,))
