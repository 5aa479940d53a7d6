"""Who may do what on the bus, as decentralised JWTs that the server checks against one operator key.

The server knows only the operator and two accounts, written in its configuration (MEMORY resolver), so wiping its storage
locks nobody out and nothing has to be revoked there. These kinds of user exist:

* services, each signed by the account with rights of its own (`bus.rights`);
* launches, signed by two *scoped* keys whose templates hold the rights: whoever has those keys (the orchestrator) can make
  users for launches and nothing stronger. The name of the user is the launch, and the template builds its subjects from
  it. A *work* credential ends within the hour; a *renewal* credential may only ask for the next one of those;
* nobody else: there is no anonymous access, and the system account has no user.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ccplant_contracts.base import Message
from ccplant_contracts.launch import BusAccess
from ccplant_contracts.subjects import inbox_prefix, renewal_inbox_prefix
from ccplant_platform.bus import jwts
from ccplant_platform.bus.rights import RENEWAL, SERVICES, WORK, Rights, ServiceRole
from ccplant_platform.private_files import write_private
from ccplant_platform.settings import BusSettings, SettingsError, read_secret

WORK_LIFETIME = timedelta(hours=1)
"""How long a launch's work credential is good for, where nobody says otherwise."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62})")


class UnsafeNameError(ValueError):
    """A name that would widen the rights made from it: ``*`` in a subject is everyone."""


class SigningKey(Message):
    """What the orchestrator holds to issue credentials of launches, and nothing more."""

    account: str
    signing_seed: str
    renewal_seed: str


@dataclass(frozen=True)
class Renewed:
    """A work credential for a key that its holder keeps to itself."""

    jwt: str
    seconds_to_live: float


@dataclass(frozen=True)
class LaunchIssuer:
    """Issues the credentials of one launch after another."""

    account: str
    signing_seed: str
    renewal_seed: str
    url: str
    lifetime: timedelta | None = WORK_LIFETIME
    """Of a work credential; None: without an end."""

    @classmethod
    def from_settings(
        cls, settings: BusSettings, *, url: str | None = None, lifetime: timedelta | None = WORK_LIFETIME
    ) -> LaunchIssuer:
        """Read the signing keys; `url` is how runners reach the bus, where that differs.

        Raises:
            SettingsError: no signing file is named, or it is not one.
        """
        if settings.nats_signing_file is None:
            raise SettingsError("CCPLANT_NATS_SIGNING_FILE is not set: no launch could reach the bus")
        key = read_secret(settings.nats_signing_file, "CCPLANT_NATS_SIGNING_FILE", SigningKey)
        return cls(key.account, key.signing_seed, key.renewal_seed, url or settings.nats_url, lifetime)

    def work(self, launch_id: str) -> BusAccess:
        """Issue the credential that a launch works with: its own subjects and its own inbox.

        Raises:
            UnsafeNameError: the id holds more than lower-case letters, digits and hyphens.
        """
        user, now = jwts.new_key(jwts.USER), time.time()
        expires = None if self.lifetime is None else int(now + self.lifetime.total_seconds())
        return BusAccess(
            url=self.url,
            inbox_prefix=inbox_prefix(launch_id),
            jwt=self._sign(self.signing_seed, launch_id, jwts.public(user), now, expires),
            seed=user.seed.decode(),
            issued_at=datetime.fromtimestamp(now, UTC),
            seconds_to_live=None if expires is None else expires - now,
        )

    def renewal(self, launch_id: str) -> BusAccess:
        """Issue the credential that asks for new ones; it has no end, and is worth nothing after its launch.

        Raises:
            UnsafeNameError: the id holds more than lower-case letters, digits and hyphens.
        """
        user, now = jwts.new_key(jwts.USER), time.time()
        return BusAccess(
            url=self.url,
            inbox_prefix=renewal_inbox_prefix(launch_id),
            jwt=self._sign(self.renewal_seed, launch_id, jwts.public(user), now, None),
            seed=user.seed.decode(),
            issued_at=datetime.fromtimestamp(now, UTC),
        )

    def renew(self, launch_id: str, public_key: str) -> Renewed:
        """Issue a work credential for a key whose secret half stays where it is.

        Raises:
            UnsafeNameError: the id is not one, or the key is not the public key of a user.
        """
        if not jwts.is_user_key(public_key):
            raise UnsafeNameError("that is not the public key of a user")
        now = time.time()
        expires = int(now + (self.lifetime or WORK_LIFETIME).total_seconds())
        return Renewed(self._sign(self.signing_seed, launch_id, public_key, now, expires), expires - now)

    def _sign(self, seed: str, launch_id: str, public_key: str, now: float, expires: int | None) -> str:
        _check(launch_id)
        claims = {"type": "user", "version": 2, "issuer_account": self.account}
        return jwts.sign(public_key, launch_id, claims, jwts.key_of(seed), now=int(now), expires=expires)


@dataclass(frozen=True)
class Operator:
    """Every key of one installation; its file is the one thing to keep."""

    operator_seed: str
    account_seed: str
    system_seed: str
    signing_seed: str
    renewal_seed: str

    @classmethod
    def create(cls) -> Operator:
        """Make new keys."""
        return cls(jwts.new_seed(jwts.OPERATOR), *(jwts.new_seed(jwts.ACCOUNT) for _ in range(4)))

    @classmethod
    def load(cls, path: Path) -> Operator:
        """Read the keys of an earlier start; a file of an earlier version gets the key that it lacks.

        Raises:
            SettingsError: the file is not what `save` wrote.
        """
        stored = read_secret(path, "operator keys", _OperatorFile)
        operator = cls(
            stored.operator_seed,
            stored.account_seed,
            stored.system_seed,
            stored.signing_seed,
            stored.renewal_seed or jwts.new_seed(jwts.ACCOUNT),
        )
        if stored.renewal_seed is None:
            operator.save(path)
        return operator

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
            renewal_seed=self.renewal_seed,
        )
        write_private(path, stored.model_dump_json(indent=1) + "\n")

    @property
    def account(self) -> str:
        """Public key of the account that everything of ours lives in."""
        return jwts.public(jwts.key_of(self.account_seed))

    @property
    def system_account(self) -> str:
        """Public key of the server's own account."""
        return jwts.public(jwts.key_of(self.system_seed))

    def operator_jwt(self) -> str:
        """Return the root of trust for the server's configuration."""
        key = jwts.key_of(self.operator_seed)
        body = {"type": "operator", "version": 2, "system_account": self.system_account}
        return jwts.sign(jwts.public(key), "ccplant", body, key)

    def account_jwts(self) -> dict[str, str]:
        """Return public key and JWT of each account, for the server's configuration."""
        key = jwts.key_of(self.operator_seed)
        scopes = [_scope("work", self.signing_seed, WORK), _scope("renewal", self.renewal_seed, RENEWAL)]
        ours = {**_account_claims(jetstream=True), "signing_keys": scopes}
        return {
            self.account: jwts.sign(self.account, "ccplant", ours, key),
            self.system_account: jwts.sign(
                self.system_account, "system", _account_claims(jetstream=False), key
            ),
        }

    def signing_key(self) -> SigningKey:
        """Return what the orchestrator needs to issue credentials of launches."""
        return SigningKey(
            account=self.account, signing_seed=self.signing_seed, renewal_seed=self.renewal_seed
        )

    def launch_issuer(self, url: str, *, lifetime: timedelta | None = WORK_LIFETIME) -> LaunchIssuer:
        """Return the issuer of launches' credentials."""
        return LaunchIssuer(self.account, self.signing_seed, self.renewal_seed, url, lifetime)

    def issue_launch(self, launch_id: str, *, url: str, lifetime: timedelta | None = None) -> BusAccess:
        """Issue the work credential of a launch."""
        return self.launch_issuer(url, lifetime=lifetime).work(launch_id)

    def issue_service(self, role: ServiceRole, *, url: str) -> BusAccess:
        """Issue the credential of a service, with the rights of its role."""
        return self.issue_user(role, SERVICES[role], url=url)

    def issue_user(
        self, name: str, rights: Rights, *, url: str, lifetime: timedelta | None = None
    ) -> BusAccess:
        """Issue a credential with any rights; only the holder of the account's key can."""
        _check(name)
        user, now = jwts.new_key(jwts.USER), int(time.time())
        claims = {"type": "user", "version": 2, **rights.as_claims()}
        expires = None if lifetime is None else now + int(lifetime.total_seconds())
        jwt = jwts.sign(
            jwts.public(user), name, claims, jwts.key_of(self.account_seed), now=now, expires=expires
        )
        return BusAccess(url=url, inbox_prefix=inbox_prefix(name), jwt=jwt, seed=user.seed.decode())


class _OperatorFile(Message):
    operator_seed: str
    account_seed: str
    system_seed: str
    signing_seed: str
    renewal_seed: str | None = None


def _check(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise UnsafeNameError(f"{name!r} cannot name a bus user: only a-z, 0-9 and hyphens")


def _scope(role: str, seed: str, rights: Rights) -> dict[str, object]:
    key = jwts.public(jwts.key_of(seed))
    return {"kind": "user_scope", "key": key, "role": role, "template": rights.as_claims()}


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
