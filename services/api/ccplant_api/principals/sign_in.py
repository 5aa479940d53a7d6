"""``/api/v1/sign-in``: a token once, a cookie from then on."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ccplant_api.errors.documented import error_answers
from ccplant_api.gateway import Gateway, GatewayDep
from ccplant_api.http.answers import answer, no_content
from ccplant_api.principals.browser import lifetime
from ccplant_contracts.access import SignedIn, SignIn
from ccplant_contracts.errors import UnauthorizedError
from ccplant_contracts.ids import random_text
from ccplant_store.access import BrowserDoc, digest

router = APIRouter(prefix="/api/v1/sign-in", tags=["sign-in"])

_SECRET_LENGTH = 40
"""200 bits."""


@router.post("", operation_id="signIn", response_model=SignedIn, responses=error_answers(403, 413))
async def sign_in(body: SignIn, request: Request, gateway: GatewayDep) -> Response:
    """Sign a browser in: the answer sets a cookie, and tells what changes by it must carry."""
    caller = await gateway.authenticator.by_token(body.token.strip())
    secret, now = random_text(_SECRET_LENGTH), gateway.clock.now()
    assert caller.via in ("bootstrap", "token", "github")  # noqa: S101 - a token is one of these
    browser = BrowserDoc(
        id=digest(secret),
        owner=caller.user_id,
        role=caller.role,
        via=caller.via,
        credential=digest(body.token.strip()),
        csrf=random_text(_SECRET_LENGTH),
        created_at=now,
        expires_at=now + lifetime(caller),
    )
    await gateway.store.browsers.create(browser)
    response = answer(await _shown(gateway, browser))
    gateway.browsers.give(response, request, secret, browser.expires_at)
    return response


@router.get("", operation_id="getSignIn", response_model=SignedIn, responses=error_answers())
async def show(request: Request, gateway: GatewayDep) -> Response:
    """Tell a page whom its cookie belongs to, and the CSRF token again: a page that was loaded anew has forgotten it."""
    browser = await gateway.browsers.known(request)
    if browser is None:
        raise UnauthorizedError("Nobody is signed in here.")
    return answer(await _shown(gateway, browser))


@router.delete("", status_code=204, operation_id="signOut", responses=error_answers(403))
async def sign_out(request: Request, gateway: GatewayDep) -> Response:
    """Sign the browser out, and have it forget the cookie; where nobody is signed in, nothing happens."""
    secret = gateway.browsers.cookie_of(request)
    if secret is not None and await gateway.browsers.known(request) is not None:
        await gateway.browsers.principal(request)  # another site must not sign people out
        await gateway.store.browsers.forget(secret)
    response = no_content()
    gateway.browsers.take_back(response, request)
    return response


async def _shown(gateway: Gateway, browser: BrowserDoc) -> SignedIn:
    user = await gateway.store.users.get(browser.owner)
    return SignedIn(
        user_id=browser.owner,
        github_username=None if user is None else user.github_login,
        role=browser.role,
        csrf_token=browser.csrf,
        expires_at=browser.expires_at,
    )
