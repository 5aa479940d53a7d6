"""Asks GitHub's API whose a token is, and whether that account is let in.

The token goes to the configured address and nowhere else: a redirect is not followed. Every question has one time limit over
all its requests.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx
import structlog

from ccplant_api import __version__
from ccplant_api.principals.github.admission import Account, Admission
from ccplant_api.principals.github.answers import (
    SILENT,
    SLOW,
    UNREADABLE,
    Admitted,
    Answer,
    Away,
    NotAdmitted,
    Verdict,
    busy,
    is_member,
    organizations,
    sso_sentence,
    whose,
)
from ccplant_platform.clock import Clock

_log = structlog.get_logger(__name__)

_PAGE, _MOST_PAGES = 100, 10
_AT_ONCE = 16
"""Connections to GitHub; who comes when all are taken waits within the time limit."""
_MOST_BYTES = 2_000_000
_MAY_NOT_ASK = (
    "The token may not read its organisations, so membership cannot be checked: give it the scope `read:org` "
    "(classic token), or the organisation permission `Members: read` (fine-grained token)."
)


class GitHubApi:
    """GitHub, as far as sign-in needs it."""

    def __init__(self, url: str, admission: Admission, clock: Clock, *, timeout: float) -> None:
        self._url = url
        self._admission = admission
        self._clock = clock
        self._timeout = timeout
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout),
            limits=httpx.Limits(max_connections=_AT_ONCE, max_keepalive_connections=4),
            follow_redirects=False,
            headers={
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": f"ccplant/{__version__}",
            },
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def check(self, token: str) -> Verdict:
        """Return what GitHub says of a token; what fails on the way means that GitHub is away."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._check(token)
        except (TimeoutError, httpx.TimeoutException):
            _log.warning("github_slow", seconds=self._timeout)
            return SLOW
        except httpx.HTTPError as error:
            # its class alone: what a library says of a request may quote the request
            _log.warning("github_unreachable", error=type(error).__name__)
            return SILENT

    async def _check(self, token: str) -> Verdict:
        answer = await self._ask(token, "/user")
        account = whose(answer, self._clock.now())
        if not isinstance(account, Account):
            if isinstance(account, Away):
                _log.warning("github_away", status=answer.status, retry_after=account.retry_after)
            return account
        if self._admission.names(account):
            return Admitted(account)
        if not self._admission.organizations:
            return NotAdmitted(f"The GitHub account {account.login} may not use this installation.")
        return await self._by_membership(token, account)

    async def _by_membership(self, token: str, account: Account) -> Verdict:
        for page in range(1, _MOST_PAGES + 1):
            answer = await self._ask(token, f"/user/orgs?per_page={_PAGE}&page={page}")
            away = busy(answer, self._clock.now())
            if away is not None:
                return away
            found = organizations(answer)
            if found is None:
                break
            if not found.isdisjoint(self._admission.organizations):
                return Admitted(account)
            if len(found) < _PAGE:
                break
        # GitHub leaves out what a token may not see, all of it for a fine-grained one: so each is asked about by its name
        return await self._by_name(token, account)

    async def _by_name(self, token: str, account: Account) -> Verdict:
        problem: str | None = None
        for organization in self._admission.organizations:
            answer = await self._ask(token, f"/user/memberships/orgs/{quote(organization, safe='')}")
            away = busy(answer, self._clock.now())
            if away is not None:
                return away
            if is_member(answer, organization):
                return Admitted(account)
            if answer.status == 403:
                problem = sso_sentence(answer.headers) or problem or _MAY_NOT_ASK
            elif answer.status == 200 and answer.json() is None:
                return UNREADABLE
        return NotAdmitted(
            problem
            or f"The GitHub account {account.login} is in no organisation that may use this installation."
        )

    async def _ask(self, token: str, path: str) -> Answer:
        request = self._http.build_request(
            "GET", self._url + path, headers={"Authorization": f"Bearer {token}"}
        )
        response = await self._http.send(request, stream=True)
        try:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    return Answer(0, {}, b"")
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(body))
