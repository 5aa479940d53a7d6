"""The dead letters: messages that make no sense or were tried too often, kept with the reason.

They are for people: nothing that must happen hangs on one, because work is in MongoDB and found by the resync. A letter
keeps the body and headers of its message, says where it comes from, and can be sent again once its cause is mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from ccplant_contracts.subjects import STREAM_DEAD_LETTERS, dead_letter

SUBJECT = "Ccplant-Subject"
REASON = "Ccplant-Reason"
DELIVERIES = "Ccplant-Deliveries"
_ID = "Nats-Msg-Id"
_MAX_REASON = 500


@dataclass(frozen=True)
class DeadLetter:
    """One of them, as it is kept."""

    seq: int
    subject: str
    """Where its message was published."""
    source: str
    """``stream.consumer`` that gave up."""
    reason: str
    deliveries: int
    body: bytes
    headers: Mapping[str, str]


def letter_headers(
    original: Mapping[str, str] | None,
    *,
    subject: str,
    stream: str,
    consumer: str,
    seq: int,
    deliveries: int,
    reason: str,
) -> dict[str, str]:
    """Return a letter's headers: the message's own but the bus's, and where it comes from and why."""
    return {
        **_own(original),
        # a header is one line
        REASON: " ".join(reason.split())[:_MAX_REASON],
        SUBJECT: subject,
        DELIVERIES: str(deliveries),
        _ID: f"{stream}-{consumer}-{seq}",
    }


def _own(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return headers without the bus's own: one that expects a stream, say, would be obeyed in the wrong place."""
    return {name: value for name, value in (headers or {}).items() if not name.lower().startswith("nats-")}


async def bury(js: JetStreamContext, message: Msg, reason: str) -> None:
    """Keep a message as a dead letter; when this returns it is stored.

    Raises:
        nats.errors.Error: it could not be stored, and the message must not be given up.
    """
    meta = message.metadata
    headers = letter_headers(
        message.headers,
        subject=message.subject,
        stream=meta.stream,
        consumer=meta.consumer,
        seq=meta.sequence.stream,
        deliveries=meta.num_delivered,
        reason=reason,
    )
    await js.publish(
        dead_letter(meta.stream, meta.consumer), message.data, stream=STREAM_DEAD_LETTERS, headers=headers
    )


async def count(js: JetStreamContext) -> int:
    """Return how many there are; none where the stream is not there."""
    try:
        return (await js.stream_info(STREAM_DEAD_LETTERS)).state.messages
    except NotFoundError:
        return 0


async def newest(js: JetStreamContext, limit: int = 20) -> list[DeadLetter]:
    """Return the newest letters, newest first."""
    try:
        state = (await js.stream_info(STREAM_DEAD_LETTERS)).state
    except NotFoundError:
        return []
    letters: list[DeadLetter] = []
    for seq in range(state.last_seq, max(state.first_seq, 1) - 1, -1):
        if len(letters) == limit:
            break
        letter = await get(js, seq)
        if letter is not None:
            letters.append(letter)
    return letters


async def get(js: JetStreamContext, seq: int) -> DeadLetter | None:
    """Return one letter, None when it is gone."""
    try:
        raw = await js.get_msg(STREAM_DEAD_LETTERS, seq)
    except NotFoundError:
        return None
    headers = _own(raw.headers)
    return DeadLetter(
        seq=seq,
        subject=headers.get(SUBJECT, ""),
        source=(raw.subject or "").removeprefix(dead_letter("", "").rstrip(".") + "."),
        reason=headers.get(REASON, ""),
        deliveries=int(headers.get(DELIVERIES, "0")),
        body=raw.data or b"",
        headers=headers,
    )


async def send_again(js: JetStreamContext, seq: int) -> bool:
    """Publish a letter's message where it was first published and drop the letter; False when it is gone."""
    letter = await get(js, seq)
    if letter is None:
        return False
    headers = {
        name: value for name, value in letter.headers.items() if name not in (SUBJECT, REASON, DELIVERIES)
    }
    await js.publish(letter.subject, letter.body, headers=headers or None)
    await js.delete_msg(STREAM_DEAD_LETTERS, seq)
    return True
