"""The services as processes: what they are told, by environment and private files alone.

They get the environment of `ccplant up` without the agents' credentials: those go to the sessions through one private file.
"""

from __future__ import annotations

import getpass
import http.client
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ccplant_cli.agents.credentials import CREDENTIAL_VARIABLES
from ccplant_cli.up.data_dir import DataDir, write_private
from ccplant_cli.up.options import Options
from ccplant_cli.up.outside import NatsLogin
from ccplant_cli.up.supervisor import ChildSpec

API = "api"
ORCHESTRATOR = "orchestrator"
INGEST = "webhook-ingest"
SCHEDULER = "scheduler"
ALL = (ORCHESTRATOR, API, INGEST, SCHEDULER)
"""In the order of their start."""
WEBHOOK_PORT = 8081
"""Where webhooks arrive if nobody says otherwise and it is free."""
START_SECONDS = 60.0
AGENTS_IN_IMAGE = "/opt/agents"
"""Where deploy/docker/runner.Dockerfile has put them: a Pod has nothing of this machine."""
_OWN_MACHINE = ("127.0.0.1", "localhost", "::1")
NEEDED_PARTS = ("nats", "mongodb", "orchestrator")
INGEST_PARTS = ("mongodb", "nats")


@dataclass(frozen=True)
class Surroundings:
    """What the services stand on."""

    bus: NatsLogin
    mongodb_url_file: Path
    bootstrap_token_file: Path
    agent_env_file: Path
    sealing_key_file: Path
    agents: tuple[str, ...]
    anchor_pid: int
    webhook_port: int


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that children may see."""
    return {name: value for name, value in environment.items() if name not in CREDENTIAL_VARIABLES}


def owner(data: DataDir) -> str:
    """Return whose sessions these are: the user who first started here, whoever does it later."""
    path = data.root / "owner"
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # no such user in this container
        name = ""
    name = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "local"
    write_private(path, name)
    return name


def service_environment(
    data: DataDir, options: Options, ground: Surroundings, base: Mapping[str, str], service: str
) -> dict[str, str]:
    """Return the environment of one service."""
    environment = {
        **base,
        "CCPLANT_NATS_URL": ground.bus.url,
        "CCPLANT_NATS_CREDENTIALS_FILE": str(ground.bus.credentials(service)),
        "CCPLANT_MONGODB_URL_FILE": str(ground.mongodb_url_file),
        "CCPLANT_RUNTIME": options.runtime,
        "CCPLANT_DEFAULT_AGENT": options.agent,
        "CCPLANT_KNOWN_AGENTS": ",".join(ground.agents),
    }
    environment.setdefault("CCPLANT_SEALING_KEY_FILE", str(ground.sealing_key_file))
    environment.pop("CCPLANT_NATS_SIGNING_FILE", None)
    if service in (API, INGEST):
        # the API tells where webhooks arrive
        environment["CCPLANT_INGEST_PORT"] = str(ground.webhook_port)
    if service == INGEST:
        environment["CCPLANT_INGEST_HOST"] = options.host
    elif service == SCHEDULER:
        environment.pop("CCPLANT_SEALING_KEY_FILE")
        environment["CCPLANT_ALIVE_FILE"] = str(alive_file(data))
    elif service == API:
        if options.host in _OWN_MACHINE:
            # nobody else can come: limits would stop nobody but who owns the machine
            for kind in ("SESSION_CREATION", "LIST", "USERS", "OTHERS"):
                environment.setdefault(f"CCPLANT_RATE_LIMIT_{kind}", "0")
        environment |= {
            "CCPLANT_HOST": options.host,
            "CCPLANT_PORT": str(options.port),
            "CCPLANT_BOOTSTRAP_TOKEN_FILE": str(ground.bootstrap_token_file),
            "CCPLANT_BOOTSTRAP_USER": owner(data),
        }
    else:
        environment |= {
            "CCPLANT_NATS_SIGNING_FILE": str(ground.bus.signing),
            "CCPLANT_AGENT_ENV_FILE": str(ground.agent_env_file),
        }
        if options.in_pods:
            environment.setdefault("CCPLANT_AGENTS_DIR", AGENTS_IN_IMAGE)
        else:
            environment |= {
                "CCPLANT_LOCAL_DATA_DIR": str(data.root),
                "CCPLANT_LOCAL_ANCHOR_PID": str(ground.anchor_pid),
                "CCPLANT_AGENTS_DIR": str(data.agents),
            }
    return environment


def service(name: str, environment: Mapping[str, str], data: DataDir) -> ChildSpec:
    """Return one service as a child."""
    return ChildSpec(
        name=name,
        command=[sys.executable, "-m", f"ccplant_{name.replace('-', '_')}"],
        environment=environment,
        directory=data.root,
        stop_seconds=8.0,
    )


def alive_file(data: DataDir) -> Path:
    """What the scheduler touches as long as it lives: it listens nowhere."""
    return data.run / f"{SCHEDULER}.alive"


def probe(options: Options) -> None:
    """Raise OSError unless the API says that everything behind it is there."""
    parts = _parts(options, options.port, "/health")
    down = [name for name in NEEDED_PARTS if parts.get(name) in (None, "down")]
    if down:
        raise ConnectionError(f"not there yet: {', '.join(down)}")


def probe_ingest(options: Options, port: int) -> None:
    """Raise OSError unless deliveries are taken and what they set off is told at once."""
    parts = _parts(options, port, "/health/ready")
    missing = [name for name in INGEST_PARTS if parts.get(name) != "ok"]
    if missing:
        raise ConnectionError(f"not there yet: {', '.join(missing)}")


def probe_scheduler(data: DataDir) -> None:
    """Raise OSError unless the scheduler runs."""
    alive_file(data).stat()


def has_web(options: Options) -> bool:
    """Whether the gateway serves the web UI: where it was not built, an address for browsers would lead nowhere."""
    connection = http.client.HTTPConnection(options.reachable_host, options.port, timeout=3)
    try:
        connection.request("HEAD", "/")
        answer = connection.getresponse()
        return answer.status == 200 and answer.headers.get_content_type() == "text/html"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _parts(options: Options, port: int, path: str) -> dict[str, str]:
    """Return what a service says of the parts that it needs."""
    connection = http.client.HTTPConnection(options.reachable_host, port, timeout=3)
    try:
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read(1 << 20))
        return {str(name): str(part["status"]) for name, part in answer["parts"].items()}
    except (http.client.HTTPException, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConnectionError(f"no health from port {port}: {error}") from error
    finally:
        connection.close()
