"""Who may do what on the bus, as decentralised JWTs that the server checks against one operator key.

The server knows only the operator and two accounts, written in its configuration (MEMORY resolver), so wiping its storage
locks nobody out and nothing has to be revoked there. Three kinds of user exist:

* services, each signed by the account with rights of its own (`bus.rights`);
* launches, signed by a *scoped* key whose template holds the rights: whoever has that key (the orchestrator) can make users
  for launches and nothing stronger. The name of the user is the launch, and the template builds its subjects from it.
* nobody else: there is no anonymous access, and the system account has no user.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol, cast

import nkeys

from ccplant_contracts.base import Message
from ccplant_contracts.launch import BusAccess
from ccplant_contracts.subjects import inbox_prefix
from ccplant_platform.bus.rights import LAUNCH, SERVICES, Rights, ServiceRole
from ccplant_platform.private_files import write_private
from ccplant_platform.settings import BusSettings, SettingsError, read_secret

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62})")


class KeyPair(Protocol):
    """What is used of an nkey."""

    @property
    def public_key(self) -> bytes: ...
    @property
    def seed(self) -> bytes: ...
    def sign(self, data: bytes, /) -> bytes: ...


class UnsafeNameError(ValueError):
    """A name that would widen the rights made from it: ``*`` in a subject is everyone."""


class SigningKey(Message):
    """What the orchestrator holds to issue credentials of launches, and nothing more."""

    account: str
    signing_seed: str


@dataclass(frozen=True)
class LaunchIssuer:
    """Issues the credential of one launch after another."""

    account: str
    signing_seed: str
    url: str

    @classmethod
    def from_settings(cls, settings: BusSettings, *, url: str | None = None) -> LaunchIssuer:
        """Read the signing key; `url` is how runners reach the bus, where that differs.

        Raises:
            SettingsError: no signing file is named, or it is not one.
        """
        if settings.nats_signing_file is None:
            raise SettingsError("CCPLANT_NATS_SIGNING_FILE is not set: no launch could reach the bus")
        key = read_secret(settings.nats_signing_file, "CCPLANT_NATS_SIGNING_FILE", SigningKey)
        return cls(key.account, key.signing_seed, url or settings.nats_url)

    def issue_launch(self, launch_id: str, *, lifetime: timedelta | None = None) -> BusAccess:
        """Issue the credential of a launch: its own subjects and its own inbox.

        Raises:
            UnsafeNameError: the id holds more than lower-case letters, digits and hyphens.
        """
        user = _new_key(nkeys.PREFIX_BYTE_USER)
        claims = {"type": "user", "version": 2, "issuer_account": self.account}
        return _access(self.url, launch_id, user, claims, _key(self.signing_seed), lifetime)


@dataclass(frozen=True)
class Operator:
    """Every key of one installation; its file is the one thing to keep."""

    operator_seed: str
    account_seed: str
    system_seed: str
    signing_seed: str

    @classmethod
    def create(cls) -> Operator:
        """Make new keys."""
        kinds = (
            nkeys.PREFIX_BYTE_OPERATOR, nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_ACCOUNT,
        )  # fmt: skip
        return cls(*(_new_key(kind).seed.decode() for kind in kinds))

    @classmethod
    def load(cls, path: Path) -> Operator:
        """Read the keys of an earlier start.

        Raises:
            SettingsError: the file is not what `save` wrote.
        """
        stored = read_secret(path, "operator keys", _OperatorFile)
        return cls(stored.operator_seed, stored.account_seed, stored.system_seed, stored.signing_seed)

    @classmethod
    def load_or_create(cls, path: Path) -> Operator:
        """Keep the keys over restarts: credentials that were given out go on working."""
        if path.exists():
            return cls.load(path)
        operator = cls.create()
        operator.save(path)
        return operator

    def save(self, path: Path) -> None:
        """Write the keys as one private file, whole or not at all."""
        stored = _OperatorFile(
            operator_seed=self.operator_seed,
            account_seed=self.account_seed,
            system_seed=self.system_seed,
            signing_seed=self.signing_seed,
        )
        write_private(path, stored.model_dump_json(indent=1) + "\n")

    @property
    def account(self) -> str:
        """Public key of the account that everything of ours lives in."""
        return _public(_key(self.account_seed))

    @property
    def system_account(self) -> str:
        """Public key of the server's own account."""
        return _public(_key(self.system_seed))

    def operator_jwt(self) -> str:
        """Return the root of trust for the server's configuration."""
        key = _key(self.operator_seed)
        body = {"type": "operator", "version": 2, "system_account": self.system_account}
        return _sign(_public(key), "ccplant", body, key)

    def account_jwts(self) -> dict[str, str]:
        """Return public key and JWT of each account, for the server's configuration."""
        key = _key(self.operator_seed)
        scope = {
            "kind": "user_scope",
            "key": _public(_key(self.signing_seed)),
            "role": "launch",
            "template": LAUNCH.as_claims(),
        }
        ours = {**_account_claims(jetstream=True), "signing_keys": [scope]}
        return {
            self.account: _sign(self.account, "ccplant", ours, key),
            self.system_account: _sign(self.system_account, "system", _account_claims(jetstream=False), key),
        }

    def signing_key(self) -> SigningKey:
        """Return what the orchestrator needs to issue credentials of launches."""
        return SigningKey(account=self.account, signing_seed=self.signing_seed)

    def launch_issuer(self, url: str) -> LaunchIssuer:
        """Return the issuer of launches' credentials."""
        return LaunchIssuer(self.account, self.signing_seed, url)

    def issue_launch(self, launch_id: str, *, url: str, lifetime: timedelta | None = None) -> BusAccess:
        """Issue the credential of a launch."""
        return self.launch_issuer(url).issue_launch(launch_id, lifetime=lifetime)

    def issue_service(self, role: ServiceRole, *, url: str) -> BusAccess:
        """Issue the credential of a service, with the rights of its role."""
        return self.issue_user(role, SERVICES[role], url=url)

    def issue_user(
        self, name: str, rights: Rights, *, url: str, lifetime: timedelta | None = None
    ) -> BusAccess:
        """Issue a credential with any rights; only the holder of the account's key can."""
        user = _new_key(nkeys.PREFIX_BYTE_USER)
        claims = {"type": "user", "version": 2, **rights.as_claims()}
        return _access(url, name, user, claims, _key(self.account_seed), lifetime)


class _OperatorFile(Message):
    operator_seed: str
    account_seed: str
    system_seed: str
    signing_seed: str


def _access(
    url: str, name: str, user: KeyPair, claims: dict[str, object], issuer: KeyPair, lifetime: timedelta | None
) -> BusAccess:
    if _NAME.fullmatch(name) is None:
        raise UnsafeNameError(f"{name!r} cannot name a bus user: only a-z, 0-9 and hyphens")
    jwt = _sign(_public(user), name, claims, issuer, lifetime=lifetime)
    return BusAccess(url=url, inbox_prefix=inbox_prefix(name), jwt=jwt, seed=user.seed.decode())


def _account_claims(*, jetstream: bool) -> dict[str, object]:
    everything = -1
    storage = everything if jetstream else 0
    return {
        "type": "account",
        "version": 2,
        "limits": {
            "subs": everything, "data": everything, "payload": everything, "imports": everything,
            "exports": everything, "wildcards": True, "conn": everything, "leaf": everything,
            "mem_storage": storage, "disk_storage": storage, "streams": storage, "consumer": storage,
        },
        "default_permissions": {"pub": {}, "sub": {}},
    }  # fmt: skip


def _new_key(kind: int) -> KeyPair:
    return _key(nkeys.encode_seed(os.urandom(32), kind).decode())


def _key(seed: str) -> KeyPair:
    return cast("KeyPair", nkeys.from_seed(seed.encode()))


def _public(key: KeyPair) -> str:
    return bytes(key.public_key).decode()


def _sign(
    subject: str, name: str, claims: dict[str, object], issuer: KeyPair, *, lifetime: timedelta | None = None
) -> str:
    now = int(time.time())
    body: dict[str, object] = {
        "iat": now,
        "iss": _public(issuer),
        "name": name,
        "sub": subject,
        "nats": claims,
    }
    if lifetime is not None:
        body["exp"] = now + int(lifetime.total_seconds())
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    body["jti"] = base64.b32encode(digest).decode().rstrip("=")
    head = _part({"typ": "JWT", "alg": "ed25519-nkey"})
    signed = f"{head}.{_part(body)}"
    return f"{signed}.{_base64(issuer.sign(signed.encode()))}"


def _part(value: dict[str, object] | dict[str, str]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
