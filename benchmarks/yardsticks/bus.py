"""A bare nats-py connection, without anything that the product adds to it."""

from __future__ import annotations

import base64

import nats
import nkeys
from nats.aio.client import Client

from ccplant_contracts.launch import BusAccess


async def bare_connection(access: BusAccess) -> Client:
    """Connect with a JWT credential."""

    def jwt() -> bytes:
        return (access.jwt or "").encode()

    def sign(nonce: str) -> bytes:
        return base64.b64encode(nkeys.from_seed((access.seed or "").encode()).sign(nonce.encode()))

    return await nats.connect(
        access.url, user_jwt_cb=jwt, signature_cb=sign, inbox_prefix=access.inbox_prefix.encode()
    )
