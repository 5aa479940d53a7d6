"""Who may sign in with a GitHub token, and how GitHub is asked."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from ccplant_api.principals.github.admission import Admission
from ccplant_platform.settings import GROUP

_ACCOUNT = re.compile(r"\*|id:[1-9][0-9]{0,18}|[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MOST_ORGANIZATIONS = 20
"""Each may cost a question of its own."""


class GitHubSignInSettings(BaseSettings):
    """Sign-in by GitHub token; it is off while nobody is let in."""

    model_config = GROUP

    github_allowed_users: str = Field(
        "",
        description="GitHub accounts that may sign in with a token of theirs, separated by commas: logins, or `id:NUMBER`, "
        "which a renamed account keeps; `*` is everybody on GitHub. Empty here and in the next: sign-in by GitHub "
        "token is off.",
    )
    github_allowed_organizations: str = Field(
        "", description="GitHub organisations, separated by commas, whose members may sign in; at most 20."
    )
    github_admins: str = Field(
        "",
        description="GitHub accounts that are admins, separated by commas: logins, or `id:NUMBER`; they may sign in.",
    )
    github_api_url: str = Field(
        "https://api.github.com",
        description="GitHub's API; `https://HOST/api/v3` for an Enterprise Server.",
    )
    github_timeout_seconds: float = Field(
        5, gt=0, le=60, description="How long GitHub may take to say whose a token is."
    )
    github_cache_seconds: float = Field(
        300, ge=0, description="How long an answer of GitHub that lets somebody in is believed."
    )
    github_refusal_cache_seconds: float = Field(
        30, ge=0, description="How long an answer that keeps somebody out is believed."
    )
    github_grace_seconds: float = Field(
        3_600,
        ge=0,
        description="How much longer somebody who was let in before stays so while GitHub does not answer.",
    )

    @field_validator("github_allowed_users", "github_allowed_organizations", "github_admins")
    @classmethod
    def _accounts(cls, value: str) -> str:
        for name in _names(value):
            if _ACCOUNT.fullmatch(name) is None:
                raise ValueError("must be GitHub logins, or id:NUMBER, separated by commas")
        return value

    @field_validator("github_allowed_organizations")
    @classmethod
    def _organizations(cls, value: str) -> str:
        if len(_names(value)) > _MOST_ORGANIZATIONS or "*" in _names(value) or ":" in value:
            raise ValueError(f"must name at most {_MOST_ORGANIZATIONS} organisations by their logins")
        return value

    @field_validator("github_admins")
    @classmethod
    def _admins(cls, value: str) -> str:
        if "*" in _names(value):
            raise ValueError("must name accounts: everybody as an admin is never meant")
        return value

    @field_validator("github_api_url")
    @classmethod
    def _api_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("must begin with https://: tokens are sent there")
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise ValueError("must be an address such as https://api.github.com")
        return value.rstrip("/")

    def admission(self) -> Admission:
        """Return who is let in."""
        return Admission(
            users=frozenset(_names(self.github_allowed_users)),
            organizations=tuple(dict.fromkeys(_names(self.github_allowed_organizations))),
            admins=frozenset(_names(self.github_admins)),
        )


def _names(value: str) -> list[str]:
    return [name.strip().lower() for name in value.split(",") if name.strip()]
