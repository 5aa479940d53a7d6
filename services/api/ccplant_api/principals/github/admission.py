"""Who is let in: a pure rule over what GitHub says of an account. What is not named is kept out."""

from __future__ import annotations

from dataclasses import dataclass

from ccplant_contracts.access import Role


@dataclass(frozen=True, slots=True)
class Account:
    """A GitHub account; the number stays when the login changes, and is never given to somebody else."""

    id: int
    login: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """The accounts and organisations that are named, in lower case."""

    users: frozenset[str]
    organizations: tuple[str, ...]
    admins: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        """Whether anybody at all is let in."""
        return bool(self.users or self.organizations or self.admins)

    def names(self, account: Account) -> bool:
        """Tell whether an account is let in for itself, whatever it is a member of."""
        return "*" in self.users or _named(account, self.users) or _named(account, self.admins)

    def role(self, account: Account) -> Role:
        """Return what an account may do: admins are named one by one (U3)."""
        return "admin" if _named(account, self.admins) else "user"


def _named(account: Account, names: frozenset[str]) -> bool:
    return account.login.lower() in names or f"id:{account.id}" in names
