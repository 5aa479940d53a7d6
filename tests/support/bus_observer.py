"""What the bus holds, read with a credential that may see everything; it exists in tests alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from ccplant_contracts import subjects
from ccplant_platform.bus.connection import connect
from ccplant_platform.bus.credentials import Operator
from ccplant_platform.bus.rights import Rights

_BATCH = 500


@dataclass
class BusRecord:
    """The lifecycle events per session in the order of the stream, and what waits in the other streams."""

    sequences: dict[str, list[int]] = field(default_factory=dict)
    dead_letters: int = 0
    undelivered: int = 0
    """Output and commands that nobody was given yet."""
    unacknowledged: int = 0
    """Those that somebody was given who died: the bus gives them to another after a while."""

    def first_sequences(self, session_id: str) -> list[int]:
        """Return the numbers of a session in the order in which each came first: repeats are allowed."""
        return list(dict.fromkeys(self.sequences.get(session_id, [])))


async def read_bus(data_dir: Path, url: str) -> BusRecord:
    """Read the streams of an installation."""
    operator = Operator.load_or_create(data_dir / "secrets" / "bus" / "operator.json")
    access = operator.issue_user("observer", Rights(publish=(">",), subscribe=(">",)), url=url)
    client = await connect(access, name="observer")
    record = BusRecord()
    try:
        js = client.jetstream(timeout=10)
        sequences: dict[str, list[int]] = defaultdict(list)
        everything = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE)
        pull = await js.pull_subscribe("", stream=subjects.STREAM_EVENTS, config=everything)
        left = (await js.stream_info(subjects.STREAM_EVENTS)).state.messages
        while left > 0:
            try:
                messages = await pull.fetch(min(left, _BATCH), timeout=10)
            except NatsTimeoutError:
                break
            left -= len(messages)
            for message in messages:
                headers = message.headers or {}
                sequences[headers["ce-subject"]].append(int(headers["ce-sequence"]))
        await pull.unsubscribe()
        record.sequences = dict(sequences)
        record.dead_letters = (await js.stream_info(subjects.STREAM_DEAD_LETTERS)).state.messages
        for stream, consumer in (
            (subjects.STREAM_OUTPUT, subjects.OUTPUT_CONSUMER),
            (subjects.STREAM_COMMANDS, subjects.COMMANDS_CONSUMER),
        ):
            info = await js.consumer_info(stream, consumer)
            record.undelivered += info.num_pending or 0
            record.unacknowledged += info.num_ack_pending or 0
    finally:
        await client.close()
    return record
