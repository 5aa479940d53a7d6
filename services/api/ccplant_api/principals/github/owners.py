"""From a GitHub account to the owner that it is here, and the token that its owner's clones use."""

from __future__ import annotations

from ccplant_api.principals.github.admission import Account
from ccplant_contracts.errors import ForbiddenError
from ccplant_platform.clock import Clock
from ccplant_platform.sealing import Sealer
from ccplant_store import Store
from ccplant_store.users import NoNameError, token_purpose


class StoredOwners:
    """The store as sign-in wants it."""

    def __init__(self, store: Store, sealer: Sealer | None, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock

    async def enter(self, account: Account) -> str:
        """Return the owner's name.

        Raises:
            ForbiddenError: there is no name left for this account.
        """
        try:
            user = await self._store.users.claim_github(
                account.id, account.login, account.email, self._clock.now()
            )
        except NoNameError as error:
            raise ForbiddenError(f"{error}: an admin has to rename somebody.") from None
        return user.id

    async def keep(self, user_id: str, token: str) -> None:
        """Keep the owner's token, sealed; without a key nothing is kept."""
        if self._sealer is not None:
            purpose = token_purpose(user_id)
            await self._store.users.keep_token(
                user_id, self._sealer.seal(token, purpose), self._sealer.mark(token, purpose)
            )

    async def forget(self, user_id: str, token: str) -> None:
        """Erase a token that GitHub does not know any more."""
        if self._sealer is not None:
            await self._store.users.forget_token(user_id, self._sealer.mark(token, token_purpose(user_id)))
