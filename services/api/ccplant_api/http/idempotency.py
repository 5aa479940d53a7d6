"""`Idempotency-Key`: a request that is sent again gets the answer of the first, never a second effect.

The same key with another body is refused, because one of the two senders believes in something that never happened.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import orjson
from fastapi import Header
from pydantic import BaseModel

from ccplant_contracts.errors import ConflictError
from ccplant_contracts.text import Key
from ccplant_store.idempotency import IdempotencyDoc, IdempotencyStore

IdempotencyKey = Annotated[
    Key | None,
    Header(
        alias="Idempotency-Key",
        description="Sent again within 24 hours, the same request has no second effect.",
    ),
]

REPLAYED = {"Idempotency-Replayed": "true"}


def body_hash(body: BaseModel) -> str:
    """Return a digest of what a body says, however it was spelled."""
    return hashlib.sha256(orjson.dumps(body.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)).hexdigest()


def same_or_conflict(stored_hash: str | None, now_hash: str, key: str) -> None:
    """Refuse a key that was used for something else.

    Raises:
        ConflictError: the bodies differ.
    """
    if stored_hash != now_hash:
        raise ConflictError(
            "This Idempotency-Key was used for a request with another body.",
            details={"idempotency_key": key, "state": "used"},
        )


async def earlier_answer(
    keys: IdempotencyStore, owner: str, route: str, key: str | None, digest: str
) -> dict[str, Any] | None:
    """Return what this request was answered before, where it was.

    Raises:
        ConflictError: the key was used with another body.
    """
    if key is None:
        return None
    known: IdempotencyDoc | None = await keys.find(owner, route, key)
    if known is None:
        return None
    same_or_conflict(known.body_hash, digest, key)
    return known.response
