"""Keys and signed claims, in the format that the bus server checks; no key is ever written by this module."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Mapping
from typing import Protocol, cast

import nkeys

OPERATOR = nkeys.PREFIX_BYTE_OPERATOR
ACCOUNT = nkeys.PREFIX_BYTE_ACCOUNT
USER = nkeys.PREFIX_BYTE_USER


class KeyPair(Protocol):
    """What is used of an nkey."""

    @property
    def public_key(self) -> bytes: ...
    @property
    def seed(self) -> bytes: ...
    def sign(self, data: bytes, /) -> bytes: ...


def new_key(kind: int) -> KeyPair:
    """Make a key pair of a kind."""
    return key_of(nkeys.encode_seed(os.urandom(32), kind).decode())


def new_seed(kind: int) -> str:
    """Make a key pair and return its secret half."""
    return new_key(kind).seed.decode()


def key_of(seed: str) -> KeyPair:
    """Return the key pair of a seed."""
    return cast("KeyPair", nkeys.from_seed(seed.encode()))


def public(key: KeyPair) -> str:
    """Return the public half as text."""
    return bytes(key.public_key).decode()


def is_user_key(text: str) -> bool:
    """Tell whether a text is the public key of a user: prefix, length and checksum."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 8)
        raw = base64.b32decode(padded)
    except ValueError:
        return False
    return len(raw) == 35 and raw[0] == USER and nkeys.crc16_checksum(raw[:-2]) == raw[-2:]


def sign(
    subject: str,
    name: str,
    claims: Mapping[str, object],
    issuer: KeyPair,
    *,
    now: int | None = None,
    expires: int | None = None,
) -> str:
    """Return the JWT that says `claims` about a public key; times are seconds since 1970."""
    body: dict[str, object] = {
        "iat": int(time.time()) if now is None else now,
        "iss": public(issuer),
        "name": name,
        "sub": subject,
        "nats": claims,
    }
    if expires is not None:
        body["exp"] = expires
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    body["jti"] = base64.b32encode(digest).decode().rstrip("=")
    head = _part({"typ": "JWT", "alg": "ed25519-nkey"})
    signed = f"{head}.{_part(body)}"
    return f"{signed}.{_base64(issuer.sign(signed.encode()))}"


def claims_of(jwt: str) -> dict[str, object]:
    """Read what a JWT says, unchecked.

    Raises:
        ValueError: it is not one.
    """
    parts = jwt.split(".")
    if len(parts) != 3:
        raise ValueError("not a JWT")
    body = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    if not isinstance(body, dict):
        raise ValueError("not a JWT")  # noqa: TRY004 - the text is wrong, not its type
    return cast("dict[str, object]", body)


def _part(value: Mapping[str, object]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
