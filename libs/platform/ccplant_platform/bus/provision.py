"""``python -m ccplant_platform.bus.provision``: keys, credentials and server configuration of an installation.

It may run before every start: the operator's keys are made once and kept, everything else is made from them. What it
writes is readable by its owner alone::

    DIRECTORY/operator.json       every key; stays with whoever installs
    DIRECTORY/nats.conf           the server's configuration
    DIRECTORY/api.json            credential of the gateway        (CCPLANT_NATS_CREDENTIALS_FILE)
    DIRECTORY/orchestrator.json   credential of the orchestrator   (CCPLANT_NATS_CREDENTIALS_FILE)
    DIRECTORY/signing.json        signs launches' credentials      (CCPLANT_NATS_SIGNING_FILE of the orchestrator)
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ccplant_platform.bus.credentials import Operator
from ccplant_platform.bus.rights import SERVICES
from ccplant_platform.bus.server import server_config
from ccplant_platform.private_files import write_private


def provision(directory: Path, *, host: str, port: int, store_dir: Path) -> Operator:
    """Write all files; keys of an earlier run are kept."""
    operator = Operator.load_or_create(directory / "operator.json")
    for role in SERVICES:
        access = operator.issue_service(role, url=f"nats://{host}:{port}")
        write_private(directory / f"{role}.json", access.model_dump_json(include={"jwt", "seed"}))
    write_private(directory / "signing.json", operator.signing_key().model_dump_json())
    write_private(directory / "nats.conf", server_config(operator, host=host, port=port, store_dir=store_dir))
    return operator


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(
        prog="python -m ccplant_platform.bus.provision", description="Provision the bus."
    )
    parser.add_argument("--directory", type=Path, required=True, help="where the private files go")
    parser.add_argument("--store-dir", type=Path, required=True, help="where the server keeps its streams")
    parser.add_argument("--host", default="127.0.0.1", help="address that the server listens on")
    parser.add_argument("--port", type=int, required=True, help="port that the server listens on")
    chosen = parser.parse_args(arguments)
    provision(chosen.directory, host=chosen.host, port=chosen.port, store_dir=chosen.store_dir)


if __name__ == "__main__":
    main()
