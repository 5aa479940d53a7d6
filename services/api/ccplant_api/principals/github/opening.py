"""Opens sign-in by GitHub token as the settings say, and closes it with the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ccplant_api.principals.github.client import GitHubApi
from ccplant_api.principals.github.settings import GitHubSignInSettings
from ccplant_api.principals.github.sign_in import GitHubSignIn, Owners, Remembering
from ccplant_platform.clock import Clock


@asynccontextmanager
async def github_sign_in(
    settings: GitHubSignInSettings, owners: Owners, clock: Clock
) -> AsyncIterator[GitHubSignIn | None]:
    """Yield the sign-in; None where nobody is let in."""
    admission = settings.admission()
    if not admission.open:
        yield None
        return
    timeout = settings.github_timeout_seconds
    async with GitHubApi(settings.github_api_url, admission, clock, timeout=timeout) as api:
        remembering = Remembering(
            good=settings.github_cache_seconds,
            refused=settings.github_refusal_cache_seconds,
            grace=settings.github_grace_seconds,
        )
        sign_in = GitHubSignIn(api, owners, admission, clock, remembering)
        try:
            yield sign_in
        finally:
            await sign_in.close()
