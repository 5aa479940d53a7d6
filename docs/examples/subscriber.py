"""Follows one owner's lifecycle events: at least once, so ids that were seen are dropped."""

import asyncio
import json
import os

import nats


async def main() -> None:
    bus = await nats.connect(
        os.environ["NATS_URL"],
        user_credentials=os.environ["NATS_CREDENTIALS"],
        inbox_prefix=os.environ["NATS_INBOX_PREFIX"],
    )
    # The consumer remembers what was acknowledged: after a restart this goes on where it was.
    events = await bus.jetstream().pull_subscribe(
        os.environ["EVENTS_SUBJECT"],
        durable=os.environ["EVENTS_CONSUMER"],
        stream=os.environ["EVENTS_STREAM"],
    )
    seen: set[str] = set()  # a real service keeps these, with what it does, in its database
    while True:
        try:
            messages = await events.fetch(batch=10, timeout=30)
        except nats.errors.TimeoutError:
            continue
        for message in messages:
            head = message.headers or {}
            if head["ce-id"] not in seen:
                print(head["ce-type"], head["ce-subject"], head["ce-sequence"], json.loads(message.data))
                seen.add(head["ce-id"])
            await message.ack()


asyncio.run(main())
