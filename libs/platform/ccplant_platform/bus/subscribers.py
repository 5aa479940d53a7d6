"""``python -m ccplant_platform.bus.subscribers``: a credential that reads one owner's lifecycle events, and nothing else.

It is signed by the account's key, so the server needs not be told. It cannot be taken back one by one and therefore
ends by itself. The file has the form that every NATS client reads; what else a subscriber has to know is printed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from ccplant_contracts import subjects
from ccplant_platform.bus.credentials import Operator
from ccplant_platform.bus.rights import subscriber
from ccplant_platform.private_files import write_private
from ccplant_platform.settings import SettingsError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,31})")
_CREDENTIAL = """\
-----BEGIN NATS USER JWT-----
{jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
{seed}
------END USER NKEY SEED------
"""


@dataclass(frozen=True)
class Subscriber:
    """What a subscriber has to know beside its credential."""

    owner: str
    stream: str
    consumer: str
    """The only name that its consumer may have."""
    subject: str
    """The only filter that its consumer may have."""
    inbox_prefix: str
    """Where it may listen for answers; clients have an option for it."""


def issue(operator: Operator, owner: str, name: str, lifetime: timedelta) -> tuple[Subscriber, str]:
    """Return what a subscriber has to know, and its credential.

    Raises:
        SettingsError: the name is none, or there is no owner.
    """
    if _NAME.fullmatch(name) is None:
        raise SettingsError(f"--name {name!r}: 1 to 32 of a-z, 0-9 and hyphens, please")
    if not owner:
        raise SettingsError("--owner names nobody")
    consumer = subjects.subscriber_consumer(owner, name)
    # users of a bus share an inbox where they share a name
    user = f"subscriber-{hashlib.sha256(consumer.encode()).hexdigest()[:32]}"
    access = operator.issue_user(
        user, subscriber(owner, user=user, consumer=consumer), url="", lifetime=lifetime
    )
    told = Subscriber(
        owner=owner,
        stream=subjects.STREAM_EVENTS,
        consumer=consumer,
        subject=subjects.events_of(owner),
        inbox_prefix=access.inbox_prefix,
    )
    return told, _CREDENTIAL.format(jwt=access.jwt, seed=access.seed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, write the credential and print the rest."""
    parser = argparse.ArgumentParser(
        prog="python -m ccplant_platform.bus.subscribers", description="Issue a subscriber's credential."
    )
    parser.add_argument("--directory", type=Path, required=True, help="where operator.json is")
    parser.add_argument("--owner", required=True, help="whose events")
    parser.add_argument("--name", required=True, help="of the subscriber")
    parser.add_argument("--days", type=int, required=True, help="how long it is good for")
    parser.add_argument("--output", type=Path, required=True, help="the file for the credential")
    chosen = parser.parse_args(arguments)
    try:
        operator = Operator.load(chosen.directory / "operator.json")
        told, credential = issue(operator, chosen.owner, chosen.name, timedelta(days=chosen.days))
        write_private(chosen.output, credential)
    except (SettingsError, OSError) as error:
        sys.exit(f"{parser.prog}: {error}")
    sys.stdout.write(json.dumps(asdict(told)) + "\n")


if __name__ == "__main__":
    main()
