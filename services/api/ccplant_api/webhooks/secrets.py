"""A webhook's secret: made here, shown once, and kept sealed.

The answer that shows it is remembered for a repeat of the same request, sealed as well: a client whose first answer was
lost would otherwise have a webhook that nobody can sign for, and MongoDB would hold what only GitHub should know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccplant_contracts.errors import UnavailableError
from ccplant_contracts.ids import random_text
from ccplant_platform.sealing import Sealer, UnsealError
from ccplant_store.webhooks.model import secret_purpose

PREFIX = "whsec_"
_LENGTH = 40
"""Characters of 5 bits: 200 bits."""
_SEALED = "sealed_secret"


def new_secret() -> str:
    """Make a secret that nobody can guess."""
    return f"{PREFIX}{random_text(_LENGTH)}"


def required(sealer: Sealer | None) -> Sealer:
    """Return what seals.

    Raises:
        UnavailableError: this installation has no key, so that no secret could be kept.
    """
    if sealer is None:
        raise UnavailableError(
            "Webhooks need a key that seals their secrets: set CCPLANT_SEALING_KEY_FILE for the gateway and the "
            "ingest.",
            details={"setting": "CCPLANT_SEALING_KEY_FILE"},
        )
    return sealer


def kept_answer(answer: Mapping[str, Any], sealed: str) -> dict[str, Any]:
    """Return what may be remembered of an answer that shows a secret; pure."""
    return {**{name: value for name, value in answer.items() if name != "secret"}, _SEALED: sealed}


def answer_again(kept: Mapping[str, Any], sealer: Sealer, webhook_id: str) -> dict[str, Any]:
    """Return the first answer from what was remembered of it.

    Raises:
        UnavailableError: the key that sealed it is gone.
    """
    try:
        secret = sealer.unseal(str(kept.get(_SEALED, "")), secret_purpose(webhook_id))
    except UnsealError:
        raise UnavailableError(
            "The secret was sealed with a key that this gateway does not have; rotate the webhook's secret.",
            details={"setting": "CCPLANT_SEALING_KEY_FILE", "webhook_id": webhook_id},
        ) from None
    return {**{name: value for name, value in kept.items() if name != _SEALED}, "secret": secret}
