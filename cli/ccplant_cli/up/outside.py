"""A NATS and a MongoDB of the user's own: checked before any service starts, so that a wrong address is one sentence.

MongoDB's address may hold a password. It goes into a private file for the services and is never shown. The bus knows no
passwords: a server of one's own trusts the keys that `ccplant bus init` made, by their configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ccplant_cli.up.data_dir import DataDir, write_private
from ccplant_cli.up.errors import UpError
from ccplant_cli.up.nats import greet


def without_login(url: str) -> str:
    """Return an address that can be shown: no user, no password, no options."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


CREDENTIALS_DIRECTORY = "CCPLANT_NATS_CREDENTIALS_DIR"
"""Names the directory with what `ccplant bus init` made for that server."""

SERVICES = ("api", "orchestrator", "webhook-ingest", "scheduler")


@dataclass(frozen=True)
class NatsLogin:
    """How services sign in to the bus: private files that their environment names."""

    url: str
    directory: Path

    def credentials(self, service: str) -> Path:
        return self.directory / f"{service}.json"

    @property
    def operator(self) -> Path:
        """All keys; services need it not, and it may be kept elsewhere."""
        return self.directory / "operator.json"

    @property
    def lacking(self) -> list[str]:
        """Return which services' credentials are not there: those that an earlier version did not know."""
        return [path.name for service in SERVICES if not (path := self.credentials(service)).is_file()]

    @property
    def signing(self) -> Path:
        """Signs the credentials of launches; for the orchestrator alone."""
        return self.directory / "signing.json"


def nats(url: str, environment: Mapping[str, str]) -> NatsLogin:
    """Check the address and return how to sign in there."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 4222
    except ValueError as error:
        raise UpError("nats_url_invalid") from error
    if parts.scheme not in ("nats", "tls") or not host or parts.username is not None:
        raise UpError("nats_url_invalid")
    named = environment.get(CREDENTIALS_DIRECTORY)
    login = NatsLogin(url, Path(named or ".").expanduser().absolute())
    needed = (login.signing, *(login.credentials(service) for service in ("api", "orchestrator")))
    if not named or not all(path.is_file() for path in needed):
        raise UpError("nats_login_missing", variable=CREDENTIALS_DIRECTORY)
    lacking = login.lacking
    if lacking and not login.operator.is_file():
        raise UpError("nats_login_incomplete", directory=login.directory, missing=", ".join(lacking))
    try:
        greet(host, port, timeout=5)
    except OSError as error:
        raise UpError("nats_unreachable", url=url, error=error.strerror or error) from error
    return login


def mongodb(data: DataDir, url: str) -> Path:
    """Check the address and return the private file that holds it."""
    from ccplant_cli.up.replica_set import check

    try:
        name = check(url, seconds=10)
    except (OSError, ValueError) as error:
        reason = str(error).partition(" (configured")[0]
        raise UpError("mongodb_unreachable", url=without_login(url), error=reason) from error
    if name is None:
        raise UpError("mongodb_not_replica_set", url=without_login(url))
    path = data.secrets / "mongodb-outside.url"
    write_private(path, url)
    return path
