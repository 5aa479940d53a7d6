"""Makes what an installation needs before its servers start; it may run before every start and changes nothing that is so.

    prepare.py keys --directory DIR --nats-listen HOST:PORT --nats-store DIR --mongodb HOST:PORT
    prepare.py replica-set --directory DIR --mongodb HOST:PORT

`keys` makes the secrets, and beside them one folder for each program with what that program needs and nothing else::

    DIR/keys/           every key and password: stays with whoever installs
    DIR/nats/           nats.conf
    DIR/mongodb/        mongodb.key
    DIR/api/            nats.json, mongodb.url, sealing.key, bootstrap.token
    DIR/orchestrator/   nats.json, mongodb.url, sealing.key, signing.json, agents.json
    DIR/webhook-ingest/ nats.json, mongodb.url, sealing.key
    DIR/scheduler/      nats.json, mongodb.url

`replica-set` makes a new mongod a replica set of one node, with a user that owns one database.

Agents' credentials (`ANTHROPIC_API_KEY` …) are taken from the environment into `agents.json`, for the sessions alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ccplant_cli.agents.credentials import agent_environment
from ccplant_cli.agents.packages import PACKAGES
from ccplant_cli.up.data_dir import keep_secret
from ccplant_cli.up.mongo import MongoAccess
from ccplant_platform.bus.provision import provision
from ccplant_platform.private_files import write_private

START_SECONDS = 60.0
SERVICES = ("api", "orchestrator", "webhook-ingest", "scheduler")
WITHOUT_SEALED = ("scheduler",)
"""Services that open nothing that is sealed."""
NATS_HEALTH = '\nhttp: "127.0.0.1:8222"\n'
"""For the health check inside the container, and for nobody else: what it shows is not for sessions."""


def place(text: str) -> tuple[str, int]:
    """Read `host:port`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not host:port")
    return host, int(port)


def mongo_access(directory: Path, mongodb: tuple[str, int]) -> MongoAccess:
    """Return the secrets of MongoDB, made on first use."""
    host, port = mongodb
    return MongoAccess(
        port=port,
        key=keep_secret(directory / "keys" / "mongodb.key"),
        password=keep_secret(directory / "keys" / "mongodb.password"),
        host=host,
    )


def make_keys(
    directory: Path, *, nats_listen: tuple[str, int], nats_store: Path, mongodb: tuple[str, int]
) -> None:
    """Write everything that a program of this installation needs."""
    keys = directory / "keys"
    for name in ("keys", "nats", "mongodb", *SERVICES):
        (directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    host, port = nats_listen
    provision(keys, host=host, port=port, store_dir=nats_store)
    access = mongo_access(directory, mongodb)
    token = keep_secret(keys / "bootstrap.token", prefix="ccp_")
    sealing = keep_secret(keys / "sealing.key")
    write_private(directory / "nats" / "nats.conf", (keys / "nats.conf").read_text() + NATS_HEALTH)
    hand_over(keys / "mongodb.key", directory / "mongodb" / "mongodb.key")
    for service in SERVICES:
        hand_over(keys / f"{service}.json", directory / service / "nats.json")
        write_private(directory / service / "mongodb.url", access.url)
        if service not in WITHOUT_SEALED:
            write_private(directory / service / "sealing.key", sealing)
    write_private(directory / "api" / "bootstrap.token", token)
    hand_over(keys / "signing.json", directory / "orchestrator" / "signing.json")
    agents = {name: agent_environment(name, os.environ, in_pods=True) for name in PACKAGES}
    write_private(directory / "orchestrator" / "agents.json", json.dumps(agents))


def hand_over(source: Path, target: Path) -> None:
    """Copy a private file, whole or not at all."""
    write_private(target, source.read_text(encoding="utf-8"))


def make_replica_set(directory: Path, mongodb: tuple[str, int]) -> None:
    """Make the set and its user."""
    from ccplant_cli.up.replica_set import prepare

    prepare(mongo_access(directory, mongodb), START_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description="Prepare an installation.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    keys = verbs.add_parser("keys", help="make the secrets, and a folder of them for each program")
    keys.add_argument("--nats-listen", type=place, default=("0.0.0.0", 4222), help="where NATS listens")
    keys.add_argument("--nats-store", type=Path, required=True, help="where NATS keeps its streams")
    replica_set = verbs.add_parser("replica-set", help="make a new mongod a replica set with a user")
    for verb in (keys, replica_set):
        verb.add_argument("--directory", type=Path, required=True, help="where the secrets are")
        verb.add_argument("--mongodb", type=place, required=True, help="how MongoDB is reached: host:port")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.verb == "keys":
            make_keys(
                chosen.directory,
                nats_listen=chosen.nats_listen,
                nats_store=chosen.nats_store,
                mongodb=chosen.mongodb,
            )
        else:
            make_replica_set(chosen.directory, chosen.mongodb)
    except OSError as error:
        sys.stderr.write(f"prepare: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
