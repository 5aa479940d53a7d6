"""A NATS and a MongoDB of the user's own: checked before any service starts, so that a wrong address is one sentence.

An address may hold a password. It goes into a private file for the services and is never shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from ccplant_cli.up.data_dir import DataDir, write_private
from ccplant_cli.up.errors import UpError
from ccplant_cli.up.nats import greet


def without_login(url: str) -> str:
    """Return an address that can be shown: no user, no password, no options."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@dataclass(frozen=True)
class NatsLogin:
    """How services sign in to the bus, as their environment says it."""

    url: str
    credentials: Mapping[str, Path]
    """Per service."""
    signing: Path | None


def nats(data: DataDir, url: str, environment: Mapping[str, str]) -> NatsLogin:
    """Check the address and return how to sign in there."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 4222
    except ValueError as error:
        raise UpError("nats_url_invalid") from error
    if parts.scheme not in ("nats", "tls") or not host:
        raise UpError("nats_url_invalid")
    signing = environment.get("CCPLANT_NATS_SIGNING_FILE")
    named = environment.get("CCPLANT_NATS_CREDENTIALS_FILE")
    if named is None and parts.username is None:
        raise UpError("nats_login_missing")
    try:
        greet(host, port, timeout=5)
    except OSError as error:
        raise UpError("nats_unreachable", url=without_login(url), error=error.strerror or error) from error
    login = Path(named) if named is not None else data.secrets / "nats-login.json"
    if named is None:
        account = {"user": unquote(parts.username or ""), "password": unquote(parts.password or "")}
        write_private(login, json.dumps(account))
    return NatsLogin(
        url=without_login(url),
        credentials={"api": login, "orchestrator": login},
        signing=Path(signing) if signing is not None else None,
    )


def mongodb(data: DataDir, url: str) -> Path:
    """Check the address and return the private file that holds it."""
    from ccplant_cli.up.replica_set import check

    try:
        name = check(url, seconds=10)
    except (OSError, ValueError) as error:
        raise UpError("mongodb_unreachable", url=without_login(url), error=error) from error
    if name is None:
        raise UpError("mongodb_not_replica_set", url=without_login(url))
    path = data.secrets / "mongodb-outside.url"
    write_private(path, url)
    return path
