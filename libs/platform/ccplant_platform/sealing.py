"""Seals what must be kept and not be readable where it is kept, an owner's token of a code host in MongoDB say.

A copy of the database alone opens nothing. What is sealed is bound to what it is for, so that somebody who can write to
the database cannot put one owner's token in the place of another's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import Aead
from pydantic import Field
from pydantic_settings import BaseSettings

from ccplant_platform.settings import GROUP, SettingsError

_KEY_BYTES = Aead.KEY_SIZE


class UnsealError(Exception):
    """It was sealed with a key that we do not have, for something else, or was changed."""


class Sealer:
    """Seals with the first key, opens with any: a new key is put before the old one, which goes when nothing needs it."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("a sealer needs a key")
        self._boxes = tuple(Aead(key) for key in keys)
        self._mark_key = keys[0]

    @classmethod
    def from_file(cls, path: Path, variable: str) -> Sealer:
        """Read the keys: one a line, each of 64 hexadecimal digits.

        Raises:
            SettingsError: the file cannot be read, or holds something else; its content is never shown.
        """
        try:
            lines = path.read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{variable}: {path} cannot be read: {type(error).__name__}") from None
        try:
            keys = [bytes.fromhex(line) for line in lines]
        except ValueError:
            keys = []
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            raise SettingsError(f"{variable}: {path} holds no keys of {2 * _KEY_BYTES} hexadecimal digits")
        return cls(keys)

    def seal(self, secret: str, purpose: str) -> str:
        """Return what may be kept; it opens for the same purpose alone."""
        sealed = self._boxes[0].encrypt(secret.encode(), purpose.encode())
        return base64.b64encode(bytes(sealed)).decode()

    def unseal(self, sealed: str, purpose: str) -> str:
        """Return the secret.

        Raises:
            UnsealError: no key of ours opens it for this purpose.
        """
        try:
            content = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise UnsealError("it is not what was sealed") from None
        for box in self._boxes:
            try:
                return box.decrypt(content, purpose.encode()).decode()
            except (CryptoError, ValueError):
                continue
        raise UnsealError("no key opens it")

    def mark(self, secret: str, purpose: str) -> str:
        """Return what tells the same secret again without telling it: another one where the key changed."""
        return hashlib.blake2b(
            f"{purpose}\0{secret}".encode(), key=self._mark_key, digest_size=16
        ).hexdigest()


class SealingSettings(BaseSettings):
    """The key that gateways and orchestrators share."""

    model_config = GROUP

    sealing_key_file: Path | None = Field(
        None,
        description="Private file with the keys that seal owners' GitHub tokens and the secrets of webhooks in MongoDB: "
        "64 hexadecimal digits a line; the first seals, all open. The same for every gateway, orchestrator and webhook "
        "ingester. Without it no token is kept, clones have none, and there are no webhooks.",
    )

    def sealer(self) -> Sealer | None:
        """Return what seals; None: nothing can be.

        Raises:
            SettingsError: the file is missing or holds something else.
        """
        if self.sealing_key_file is None:
            return None
        return Sealer.from_file(self.sealing_key_file, "CCPLANT_SEALING_KEY_FILE")
