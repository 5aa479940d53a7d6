"""What has to be said to MongoDB before services can use it; the one place of the command line that speaks its protocol.

Run at each start: it makes what is missing and changes nothing that is so. A port that was taken by another program
since the last run gives the set's only member a new address, which it is told by force: alone, it has nobody to vote with.
"""

from __future__ import annotations

import time
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from ccplant_cli.up.mongo import DATABASE, REPLICA_SET, USER, MongoAccess
from ccplant_cli.up.ports import LOOPBACK

NO_CONFIG_YET = 94
NO_SUCH_USER = 11
Client = MongoClient[dict[str, Any]]


def prepare(access: MongoAccess, seconds: float) -> None:
    """Return when the set has a primary and its user.

    Raises:
        OSError: it does not answer, yet.
    """
    try:
        with MongoClient[dict[str, Any]](
            access.host or LOOPBACK, access.port,
            username="__system", password=access.key, authSource="local", authMechanism="SCRAM-SHA-256",
            directConnection=True, serverSelectionTimeoutMS=500, heartbeatFrequencyMS=500,
        ) as client:  # fmt: skip
            _make_set(client, access.address)
            _await_primary(client, seconds)
            _make_user(client, access.password)
    except PyMongoError as error:
        raise ConnectionError(str(error)) from error


def _make_set(client: Client, address: str) -> None:
    try:
        config: dict[str, Any] = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NO_CONFIG_YET:
            raise
        members = [{"_id": 0, "host": address}]
        client.admin.command({"replSetInitiate": {"_id": REPLICA_SET, "members": members}})
        return
    if config["members"][0]["host"] != address:
        config["members"][0]["host"] = address
        config["version"] += 1
        client.admin.command({"replSetReconfig": config, "force": True})


def _await_primary(client: Client, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not client.admin.command("hello").get("isWritablePrimary"):
        if time.monotonic() >= end:
            raise TimeoutError("mongod did not become primary")
        time.sleep(0.02)


def _make_user(client: Client, password: str) -> None:
    database = client[DATABASE]
    roles = [{"role": "readWrite", "db": DATABASE}, {"role": "dbAdmin", "db": DATABASE}]
    try:
        database.command({"updateUser": USER, "pwd": password, "roles": roles})
    except OperationFailure as error:
        if error.code != NO_SUCH_USER:
            raise
        database.command({"createUser": USER, "pwd": password, "roles": roles})


def check(url: str, seconds: float) -> str | None:
    """Return the name of the replica set that an address leads to; None: it is none.

    Raises:
        OSError: it cannot be used.
    """
    try:
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=int(seconds * 1000)) as client:
            client.admin.command("ping")
            hello = client.admin.command("hello")
            return hello.get("setName") or ("mongos" if hello.get("msg") == "isdbgrid" else None)
    except PyMongoError as error:
        raise ConnectionError(str(error).split(", Timeout:")[0]) from error
