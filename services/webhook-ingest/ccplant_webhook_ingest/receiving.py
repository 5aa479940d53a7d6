"""``POST /webhooks/{id}``: from a request to its answer, in the order in which things may be told.

Nothing is said about the body before its signature was good, and nothing about the webhook but that it does not answer.
An answer in the two hundreds means that the delivery is on disk. What was signed and makes no sense is recorded as failed,
because its owner sent it and looks for it in the list; a repeat of it is not held for one.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response

from ccplant_platform.clock import Clock
from ccplant_store.errors import StoreError
from ccplant_triggers.payloads import facts
from ccplant_webhook_ingest.answers import answer, no_room, no_store, not_found, not_signed, refusal
from ccplant_webhook_ingest.content import (
    NotAnEventError,
    UnreadableError,
    event_headers,
    extract,
    kept_headers,
    parse,
)
from ccplant_webhook_ingest.known import Known, KnownWebhooks, SealedError
from ccplant_webhook_ingest.metrics import ANSWER_SECONDS, REQUESTS
from ccplant_webhook_ingest.reading import (
    GoneError,
    TooLargeError,
    TooSlowError,
    pass_over,
    read_body,
)
from ccplant_webhook_ingest.recording import Arrived, Recorded, Recorder
from ccplant_webhook_ingest.rooms import NoRoomError, Place, Rooms
from ccplant_webhook_ingest.signature import matches
from ccplant_webhook_ingest.tally import Tally

_log = structlog.get_logger(__name__)

IN_A_THREAD_BYTES = 256_000
"""What takes longer than a millisecond is not done on the event loop: all others would wait for it."""

_LONGEST_ADDRESS = 64
_RECORD_SECONDS = 8.0
"""GitHub waits for 10 s. What was cut off may be recorded all the same: then it is processed, and a repeat finds it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one delivery may be."""

    most_bytes: int
    seconds: float
    behind_proxy: bool
    """Whether the last address in `X-Forwarded-For` is where a delivery comes from: our own proxy wrote it."""


class Receiver:
    """Answers deliveries."""

    def __init__(
        self,
        known: KnownWebhooks,
        recorder: Recorder,
        rooms: Rooms,
        limits: Limits,
        tally: Tally,
        clock: Clock,
    ) -> None:
        self._known = known
        self._recorder = recorder
        self._rooms = rooms
        self._limits = limits
        self._tally = tally
        self._clock = clock

    async def receive(self, request: Request) -> Response:
        """Answer one delivery."""
        begun = time.perf_counter()
        try:
            with Place(self._rooms, self._source(request)) as place:
                result, response = await self._read(request, place)
        except NoRoomError:
            await pass_over(request.receive)
            result, response = "no_room", no_room()
        REQUESTS.labels(result).inc()
        ANSWER_SECONDS.observe(time.perf_counter() - begun)
        return response

    def _source(self, request: Request) -> str:
        if self._limits.behind_proxy:
            forwarded = (
                request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()[:_LONGEST_ADDRESS]
            )
            if forwarded:
                return forwarded
        return "" if request.client is None else request.client.host

    async def _read(self, request: Request, place: Place) -> tuple[str, Response]:
        most = self._limits.most_bytes
        try:
            body = await read_body(request, place, most=most, seconds=self._limits.seconds)
        except TooLargeError:
            place.leave()
            await pass_over(request.receive)
            words = f"A delivery has at most {most:,} bytes."
            return "too_large", refusal(413, "PAYLOAD_TOO_LARGE", words, close=True)
        except TooSlowError:
            words = (
                f"The delivery did not arrive within {self._limits.seconds:g} s, or made way to faster ones."
            )
            return "too_slow", refusal(408, "INVALID_REQUEST", words, close=True)
        except GoneError:
            return "gone", refusal(400, "INVALID_REQUEST", "The sender left.")
        try:
            async with asyncio.timeout(_RECORD_SECONDS):
                return await self._take(request, body)
        except (StoreError, TimeoutError) as error:
            _log.warning("delivery_not_recorded", error=str(error) or type(error).__name__)
            return "no_store", no_store()
        except SealedError as error:
            _log.error("secret_not_opened", error=str(error))
            return "no_store", no_store()

    async def _take(self, request: Request, body: bytes) -> tuple[str, Response]:
        webhook_id = request.path_params["webhook_id"]
        signature = request.headers.get("x-hub-signature-256")
        known = await self._known.get(webhook_id)
        signed = await self._signed(known, body, signature)
        if not signed:
            again = await self._known.get_again(webhook_id, known)
            if again is not known:
                known, signed = again, await self._signed(again, body, signature)
        webhook = known.webhook
        if webhook is None or not webhook.answers:
            return "unknown", not_found()
        if not signed:
            return "unsigned", not_signed()
        try:
            head = event_headers(request.headers)
        except NotAnEventError as error:
            return "invalid", refusal(400, "INVALID_REQUEST", str(error))
        content_type = request.headers.get("content-type", "")
        arrived = Arrived(
            webhook=webhook,
            head=head,
            headers=kept_headers(request.headers),
            content_type=content_type,
            size_bytes=len(body),
            payload=body,
            traceparent=request.headers.get("traceparent"),
        )
        return await self._record(arrived)

    async def _signed(self, known: Known, body: bytes, signature: str | None) -> bool:
        secrets = known.good_secrets(self._clock.now())
        if len(body) > IN_A_THREAD_BYTES:
            return await asyncio.to_thread(matches, secrets, body, signature)
        return matches(secrets, body, signature)

    async def _record(self, arrived: Arrived) -> tuple[str, Response]:
        try:
            if arrived.size_bytes > IN_A_THREAD_BYTES:
                text, payload = await asyncio.to_thread(_read, arrived)
            else:
                text, payload = _read(arrived)
        except UnreadableError as error:
            recorded = await self._recorder.record_finished(
                arrived, "failed", "payload_invalid", facts={"detail": str(error)}
            )
            self._count(arrived, recorded)
            return "invalid", refusal(400, "INVALID_REQUEST", str(error), delivery_id=recorded.delivery_id)
        arrived = _with_text(arrived, text)
        if arrived.head.event == "ping":
            found = facts("ping", payload)
            recorded = await self._recorder.record_finished(
                arrived, "ignored", "ping", repository=found.repository, sender=found.sender
            )
        else:
            recorded = await self._recorder.record(arrived)
        self._count(arrived, recorded)
        return _told(recorded, ping=arrived.head.event == "ping")

    def _count(self, arrived: Arrived, recorded: Recorded) -> None:
        self._tally.count(arrived.webhook.id, recorded.delivery_id, self._clock.now())


def _read(arrived: Arrived) -> tuple[bytes, dict[str, object]]:
    text = extract(arrived.payload, arrived.content_type)
    return text, parse(text)


def _with_text(arrived: Arrived, text: bytes) -> Arrived:
    if text is arrived.payload:
        return arrived
    return Arrived(
        webhook=arrived.webhook,
        head=arrived.head,
        headers=arrived.headers,
        content_type=arrived.content_type,
        size_bytes=arrived.size_bytes,
        payload=text,
        traceparent=arrived.traceparent,
    )


def _told(recorded: Recorded, *, ping: bool) -> tuple[str, Response]:
    """Return the answer: 202 for what is being processed, 200 for what is over."""
    if recorded.repeat:
        status = 202 if recorded.outcome == "processing" else 200
        return "repeat", answer(
            status,
            delivery_id=recorded.delivery_id,
            duplicate=True,
            outcome=recorded.outcome,
            reason=recorded.reason,
        )
    if ping:
        return "ping", answer(
            200, delivery_id=recorded.delivery_id, outcome=recorded.outcome, reason=recorded.reason
        )
    return "accepted", answer(202, delivery_id=recorded.delivery_id)
