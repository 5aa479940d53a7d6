"""What GitHub's answers mean: pure, over status, headers and body.

GitHub says 403 for five different things. To tell somebody whose token is good that it is not, only because GitHub counts
too many requests, would send them to make a new one: so 401 alone makes a token bad, and whatever is not understood is
taken for GitHub being away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from ccplant_api.principals.github.admission import Account

DEFAULT_RETRY_SECONDS = 5
_MOST_RETRY_SECONDS = 3_600
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_BUSY_WORDS = ("rate limit", "abuse detection", "too many", "maximum number of login attempts")
_SSO_URL = re.compile(r"url=(https://[^\s;,]{1,500})")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of GitHub's API; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """Return the body; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def said(self) -> str:
        """Return GitHub's own words about an error."""
        content = self.json()
        message = content.get("message") if isinstance(content, dict) else None
        return message if isinstance(message, str) else ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A good token of somebody who is let in."""

    account: Account


@dataclass(frozen=True, slots=True)
class Unknown:
    """No good token."""

    message: str


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """A good token, of somebody who is not let in, or who cannot be known by it."""

    message: str


@dataclass(frozen=True, slots=True)
class Away:
    """GitHub cannot say now; nothing is known about the token."""

    message: str
    retry_after: int = DEFAULT_RETRY_SECONDS


Verdict = Admitted | Unknown | NotAdmitted | Away

UNREADABLE = Away("GitHub's API gave an answer that cannot be understood; try again in a moment.")
SILENT = Away("GitHub cannot be reached to check the token; try again in a moment.")
SLOW = Away("GitHub took too long to check the token; try again in a moment.")


def whose(answer: Answer, now: datetime) -> Account | Unknown | NotAdmitted | Away:
    """Read the answer to ``GET /user``."""
    if answer.status == 200:
        return _account(answer.json())
    if answer.status == 401:
        return Unknown("The token is not valid: GitHub does not know it, or it has expired or was revoked.")
    away = busy(answer, now)
    if away is not None:
        return away
    if answer.status == 403:
        sso = sso_sentence(answer.headers)
        return NotAdmitted(
            sso or "GitHub does not let this token read whose it is: sign in with a personal access token."
        )
    return UNREADABLE


def busy(answer: Answer, now: datetime) -> Away | None:
    """Return for how long GitHub refuses to answer, where that is what it says: limits, failures, maintenance."""
    if answer.status >= 500:
        seconds = _retry_after(answer.headers, now) or DEFAULT_RETRY_SECONDS
        return Away("GitHub has a failure and cannot check the token; try again in a moment.", seconds)
    if answer.status not in (403, 429):
        return None
    said = answer.said().lower()
    limited = (
        answer.status == 429
        or "retry-after" in answer.headers
        or answer.headers.get("x-ratelimit-remaining", "").strip() == "0"
        or any(words in said for words in _BUSY_WORDS)
    )
    if not limited:
        return None
    seconds = _retry_after(answer.headers, now) or _until_reset(answer.headers, now) or 60
    return Away(
        "GitHub takes no more requests for this token now (its rate limit); try again later.", seconds
    )


def organizations(answer: Answer) -> frozenset[str] | None:
    """Read a page of ``GET /user/orgs``: logins in lower case; None where the token may not ask."""
    content = answer.json()
    if answer.status != 200 or not isinstance(content, list):
        return None
    logins = (item.get("login") for item in content if isinstance(item, dict))
    return frozenset(login.lower() for login in logins if isinstance(login, str))


def is_member(answer: Answer, organization: str) -> bool:
    """Read ``GET /user/memberships/orgs/ORG``; an invitation that was not taken up is no membership."""
    content = answer.json()
    if answer.status != 200 or not isinstance(content, dict) or content.get("state") != "active":
        return False
    found = content.get("organization")
    return isinstance(found, dict) and str(found.get("login", "")).lower() == organization


def sso_sentence(headers: Mapping[str, str]) -> str | None:
    """Return what to do where an organisation wants the token to be authorised for its single sign-on."""
    value = headers.get("x-github-sso", "")
    if not value.startswith("required"):
        return None
    found = _SSO_URL.search(value)
    where = f" at {found[1]}" if found else " in GitHub's settings of the token"
    return f"The organisation wants the token to be authorised for its single sign-on: do that{where}, and try again."


def _account(content: object) -> Account | Unknown | NotAdmitted | Away:
    if not isinstance(content, dict):
        return UNREADABLE
    number, login, email = content.get("id"), content.get("login"), content.get("email")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 1 << 63:
        return UNREADABLE
    if not isinstance(login, str) or _LOGIN.fullmatch(login) is None:
        return UNREADABLE
    if content.get("type", "User") != "User" or content.get("suspended_at"):
        return NotAdmitted("The GitHub account is no user's, or is suspended.")
    return Account(number, login, email[:320] if isinstance(email, str) and email else None)


def _retry_after(headers: Mapping[str, str], now: datetime) -> int | None:
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return _bounded(float(value[:9]))
    try:
        return _bounded((parsedate_to_datetime(value) - now).total_seconds()) if value else None
    except (ValueError, TypeError):
        return None


def _until_reset(headers: Mapping[str, str], now: datetime) -> int | None:
    value = headers.get("x-ratelimit-reset", "").strip()
    return _bounded(float(value[:12]) - now.timestamp()) if value.isdecimal() else None


def _bounded(seconds: float) -> int:
    return max(1, min(_MOST_RETRY_SECONDS, int(seconds) + 1 if seconds % 1 else int(seconds)))
