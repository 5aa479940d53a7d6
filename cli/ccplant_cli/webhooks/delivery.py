"""One delivery as GitHub makes it: the body, its signature over exactly these bytes, and the headers."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is sent."""

    event: str
    payload: bytes
    """JSON, as it stands in its file."""
    as_form: bool = False
    number: str = ""
    """GitHub's id of the delivery; sent again with the same one, it is a repeat."""

    def body(self) -> bytes:
        """Return the bytes that are sent, and signed."""
        return urlencode({"payload": self.payload}).encode() if self.as_form else self.payload

    def headers(self, secret: str) -> dict[str, str]:
        """Return GitHub's headers."""
        kind = "application/x-www-form-urlencoded" if self.as_form else "application/json"
        return {
            "Content-Type": kind,
            "User-Agent": "ccplant-cli",
            "X-GitHub-Event": self.event,
            "X-GitHub-Delivery": self.number or str(uuid4()),
            "X-Hub-Signature-256": signature(secret, self.body()),
        }


def signature(secret: str, body: bytes) -> str:
    """Return what GitHub's header `X-Hub-Signature-256` holds for a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
