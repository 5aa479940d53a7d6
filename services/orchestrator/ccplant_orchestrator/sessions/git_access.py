"""Which sessions get their owner's token of the code host: those whose repository is there, and nobody else's.

The token is opened at the last moment, for one launch. Where it cannot be opened the session starts without it: a public
repository needs none, and of a private one the clone says what is missing.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog

from ccplant_contracts.launch import GitAccess
from ccplant_platform.sealing import Sealer, UnsealError
from ccplant_store.sessions.model import SessionDoc
from ccplant_store.users import UserStore, token_purpose

_log = structlog.get_logger(__name__)

_PORTS = {"https": 443, "http": 80}


class OwnersGitAccess:
    """Looks up an owner's token for a launch."""

    def __init__(self, users: UserStore, sealer: Sealer | None, host_url: str) -> None:
        self._users = users
        self._sealer = sealer
        self._host_url = host_url

    async def of(self, session: SessionDoc) -> GitAccess | None:
        """Return what a session's git needs; None where it is to have nothing.

        Raises:
            StoreUnavailableError: nobody can be looked up now.
        """
        if self._sealer is None or not is_at(session.repository, self._host_url):
            return None
        owner = await self._users.get(session.owner)
        if owner is None or owner.sealed_token is None:
            return None
        try:
            token = self._sealer.unseal(owner.sealed_token, token_purpose(owner.id))
        except UnsealError as error:
            _log.warning("owners_token_not_opened", error=str(error))
            return None
        return GitAccess(url=self._host_url, token=token)


def is_at(repository: str | None, host_url: str) -> bool:
    """Tell whether a repository is at a code host: the same scheme, host and port, not only a name that begins alike."""
    origin = None if repository is None else _origin(repository)
    return origin is not None and origin == _origin(host_url)


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme]
