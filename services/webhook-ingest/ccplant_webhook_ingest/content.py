"""From a signed body to the payload in it: JSON, or a form with JSON in its field `payload`; pure.

Whoever signs knows the secret, so what is wrong here is the owner's own mistake: it is told in plain words.
Nesting is bounded here once, so that nothing behind it meets a depth that it cannot handle; and so is what a payload becomes
in memory: 25 MB of empty lists would be more than a gigabyte of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DELIVERY = re.compile(r"[\x21-\x7e]{1,200}")
_KEPT_HEADER = re.compile(r"(user-agent|content-type|x-github-[a-z0-9-]{1,60})")
_MOST_HEADERS = 20
_LONGEST_HEADER = 500
_PART_BYTES = {b",": 80, b"[": 100, b"{": 260, b":": 64}
"""About what each of these stands for in memory, at the most: a value, a list, an object, a name."""
_SMALL_BYTES = 1_000_000
"""A text of so many is harmless whatever it is made of."""
_MOST_BYTES = 128_000_000
"""Twice what a push of 25 MB comes to that names half a million files."""


class NotAnEventError(Exception):
    """The headers do not say what is delivered; the message is for the sender."""


class UnreadableError(Exception):
    """There is no payload in the body; the message is for the sender."""


@dataclass(frozen=True, slots=True)
class EventHeaders:
    """What the headers say of a delivery."""

    event: str
    github_delivery: str


def event_headers(headers: Mapping[str, str]) -> EventHeaders:
    """Return what is delivered.

    Raises:
        NotAnEventError: a header is missing or makes no sense.
    """
    event = headers.get("x-github-event", "")
    delivery = headers.get("x-github-delivery", "")
    if not _EVENT.fullmatch(event):
        raise NotAnEventError("X-GitHub-Event must name the event, pull_request say.")
    if not _DELIVERY.fullmatch(delivery):
        raise NotAnEventError("X-GitHub-Delivery must be the delivery's id: up to 200 visible characters.")
    return EventHeaders(event, delivery)


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those headers that the record shows: none that proves anything."""
    kept = {
        name: value[:_LONGEST_HEADER]
        for name, value in headers.items()
        if _KEPT_HEADER.fullmatch(name) and "signature" not in name
    }
    return dict(list(kept.items())[:_MOST_HEADERS])


def extract(body: bytes, content_type: str) -> bytes:
    """Return the JSON text in a body.

    Raises:
        UnreadableError: its form is unknown, or it has no payload.
    """
    kind = content_type.split(";", 1)[0].strip().lower()
    if kind == JSON:
        return body
    if kind != FORM:
        raise UnreadableError(f"Content-Type must be {JSON} or {FORM}.")
    try:
        fields = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:  # bytes outside ASCII, escapes that are no UTF-8, too many fields
        raise UnreadableError("The form cannot be read: it must be URL-encoded UTF-8.") from error
    found = [value for name, value in fields if name == "payload"]
    if len(found) != 1:
        raise UnreadableError("The form must have one field `payload`.")
    return found[0].encode()


def parse(text: bytes) -> dict[str, Any]:
    """Return the payload that a JSON text is.

    Raises:
        UnreadableError: it is no JSON object, nested too deeply, or made of too many parts.
    """
    # those within texts count as well: looking at each character costs more than the parsing
    if (
        len(text) > _SMALL_BYTES
        and sum(text.count(mark) * size for mark, size in _PART_BYTES.items()) > _MOST_BYTES
    ):
        raise UnreadableError("The payload is made of too many lists, objects and values.")
    try:
        payload = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # its words quote nothing of the text
        raise UnreadableError(f"The payload is not valid JSON in UTF-8: {error.msg}.") from error
    if not isinstance(payload, dict):
        raise UnreadableError("The payload must be a JSON object.")
    try:
        # writes at most 254 levels: a walk in C instead of one of ours
        orjson.dumps(payload)
    except orjson.JSONEncodeError as error:
        raise UnreadableError("The payload is nested too deeply.") from error
    return payload
