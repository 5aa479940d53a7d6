"""``python -m ccplant_platform.bus.provision``: keys, credentials and server configuration of an installation.

It may run before every start: the operator's keys are made once and kept, and so is a credential that says what it has
to say; everything else is made from the keys. What it writes is readable by its owner alone::

    DIRECTORY/operator.json       every key; stays with whoever installs
    DIRECTORY/nats.conf           the server's configuration
    DIRECTORY/accounts.conf       the part of it that a server with a configuration of its own includes
    DIRECTORY/api.json            credential of the gateway        (CCPLANT_NATS_CREDENTIALS_FILE)
    DIRECTORY/orchestrator.json   credential of the orchestrator   (CCPLANT_NATS_CREDENTIALS_FILE)
    DIRECTORY/webhook-ingest.json credential of the webhook ingester (the same)
    DIRECTORY/scheduler.json      credential of the scheduler        (the same)
    DIRECTORY/signing.json        signs launches' credentials      (CCPLANT_NATS_SIGNING_FILE of the orchestrator)

With ``--services-only`` it writes the services' credentials from keys that are there, and nothing else: an installation
of an earlier version gets those that it lacks, while its server runs on with the configuration that somebody gave it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from ccplant_platform.bus import jwts
from ccplant_platform.bus.credentials import Operator
from ccplant_platform.bus.rights import SERVICES, ServiceRole
from ccplant_platform.bus.server import (
    FILE_STORE_BYTES,
    LEAST_FILE_STORE_BYTES,
    Tls,
    server_config,
    trust_config,
)
from ccplant_platform.private_files import write_private
from ccplant_platform.settings import BusCredentials, SettingsError


def provision(
    directory: Path,
    *,
    host: str,
    port: int,
    store_dir: Path,
    server_name: str = "ccplant",
    max_file_store_bytes: int = FILE_STORE_BYTES,
    tls: Tls | None = None,
) -> Operator:
    """Write all files; keys of an earlier run are kept.

    Raises:
        SettingsError: the keys of an earlier run cannot be read.
    """
    operator = Operator.load_or_create(directory / "operator.json")
    provision_services(directory, operator)
    write_private(directory / "signing.json", operator.signing_key().model_dump_json())
    write_private(directory / "accounts.conf", trust_config(operator))
    text = server_config(
        operator,
        host=host,
        port=port,
        store_dir=store_dir,
        server_name=server_name,
        max_file_store_bytes=max_file_store_bytes,
        tls=tls,
    )
    write_private(directory / "nats.conf", text)
    return operator


def provision_services(directory: Path, operator: Operator) -> None:
    """Write the credential of each service, where there is none that says what it has to say today.

    The server needs not be told: it lets in whom the account's key has signed.
    """
    for role in SERVICES:
        path = directory / f"{role}.json"
        if not _says_what_it_has_to(path, operator, role):
            # the address is not in the file: services have it from their own settings
            access = operator.issue_service(role, url="")
            write_private(path, access.model_dump_json(include={"jwt", "seed"}))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(
        prog="python -m ccplant_platform.bus.provision", description="Provision the bus."
    )
    parser.add_argument("--directory", type=Path, required=True, help="where the private files go")
    parser.add_argument("--store-dir", type=Path, help="where the server keeps its streams")
    parser.add_argument("--host", default="127.0.0.1", help="address that the server listens on")
    parser.add_argument("--port", type=int, help="port that the server listens on")
    parser.add_argument("--server-name", default="ccplant", help="name of the server, its own in a cluster")
    parser.add_argument("--max-file-store", type=int, default=FILE_STORE_BYTES, help="bytes for all streams")
    parser.add_argument("--tls-cert", type=Path, help="certificate of the server, as the server reads it")
    parser.add_argument("--tls-key", type=Path, help="its key")
    parser.add_argument(
        "--services-only", action="store_true", help="only what services lack, from keys that are there"
    )
    chosen = parser.parse_args(arguments)
    if not chosen.services_only and (chosen.store_dir is None or chosen.port is None):
        parser.error("--store-dir and --port are needed")
    if (chosen.tls_cert is None) is not (chosen.tls_key is None):
        parser.error("--tls-cert and --tls-key go together")
    if chosen.max_file_store < LEAST_FILE_STORE_BYTES:
        parser.error(f"--max-file-store must be at least {LEAST_FILE_STORE_BYTES}: the streams need that")
    try:
        if chosen.services_only:
            provision_services(chosen.directory, Operator.load(chosen.directory / "operator.json"))
            return
        provision(
            chosen.directory,
            host=chosen.host,
            port=chosen.port,
            store_dir=chosen.store_dir,
            server_name=chosen.server_name,
            max_file_store_bytes=chosen.max_file_store,
            tls=Tls(chosen.tls_cert, chosen.tls_key) if chosen.tls_cert is not None else None,
        )
    except (SettingsError, OSError) as error:
        sys.exit(f"{parser.prog}: {error}")


def _says_what_it_has_to(path: Path, operator: Operator, role: ServiceRole) -> bool:
    """Tell whether a file holds a credential of this account with the rights of today."""
    try:
        credentials = BusCredentials.model_validate_json(path.read_bytes())
        claims = jwts.claims_of(credentials.jwt or "")
        key = jwts.public(jwts.key_of(credentials.seed or "")) if credentials.seed else None
    except (OSError, ValueError, ValidationError):
        return False
    expected = {"type": "user", "version": 2, **SERVICES[role].as_claims()}
    return (claims.get("iss"), claims.get("sub"), claims.get("name"), claims.get("nats")) == (
        operator.account,
        key,
        role,
        expected,
    )


if __name__ == "__main__":
    main()
