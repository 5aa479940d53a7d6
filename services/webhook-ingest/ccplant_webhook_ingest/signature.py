"""Is this body signed with one of these secrets? In the same time for every wrong answer.

An attacker who could tell an unknown webhook from a known one, or a nearly right signature from a wrong one, by how long
the answer takes would have an oracle. So a webhook that does not answer is compared with secrets that nobody knows, each
refusal computes the same number of digests over the whole body, and the comparison is constant-time.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence

COMPARED = 2
"""Secrets that are compared each time: the current one, and the one before it within its grace."""
_PREFIX = "sha256="
_NOBODYS = tuple(secrets.token_bytes(40) for _ in range(COMPARED))


def sign(secret: str, body: bytes) -> str:
    """Return what GitHub sends as `X-Hub-Signature-256`."""
    return _PREFIX + hmac.digest(secret.encode(), body, "sha256").hex()


def matches(secrets_: Sequence[str], body: bytes, signature: str | None) -> bool:
    """Tell whether one of the secrets made this signature; no secrets: never, after the same work.

    A right signature ends it early: that it was right is told anyway.
    """
    given = (signature or "").encode(errors="replace")
    keys = [secret.encode() for secret in secrets_[:COMPARED]]
    for number, key in enumerate((*keys, *_NOBODYS[len(keys) :])):
        digest = f"{_PREFIX}{hmac.digest(key, body, 'sha256').hex()}".encode()
        if hmac.compare_digest(digest, given) and number < len(keys):
            return True
    return False
