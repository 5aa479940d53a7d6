"""Serves the web UI: one page for every address of it, and assets that never change.

The page is sent with a policy that lets the browser run and show nothing but what we sent: what an agent or a stranger
wrote stays text, also where we should fail to treat it so. Styles that libraries make at run time carry a nonce that is
another one for each page. What is below `/api` is never answered with a page: a client that mistyped an address must not
read HTML.
"""

from __future__ import annotations

import re
import secrets
from functools import cached_property
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_NONCE = "__CSP_NONCE__"
_NOT_PAGES = re.compile(r"/(api|ws|sse|health|metrics|assets|openapi\.json)(/|$)")
_ROOT_FILE = re.compile(r"/[a-z0-9-]+\.(svg|png|ico|webmanifest|txt)")
_YEAR = "public, max-age=31536000, immutable"
BUILT = Path(__file__).parent / "dist"
"""Where a wheel has it, and where `make web` puts it."""


class Assets(StaticFiles):
    """Files whose names hold a digest of their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file, to be kept for a year."""
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = _YEAR
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


class WebUi:
    """The built UI in a folder; without one, nothing is served."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def built(self) -> bool:
        """Whether there is one."""
        return (self._folder / "index.html").is_file()

    @cached_property
    def _index(self) -> str:
        return (self._folder / "index.html").read_text(encoding="utf-8")

    def install(self, app: FastAPI) -> None:
        """Serve the assets; pages are what nothing else answers, see `page`."""
        app.state.web = self
        if self.built:
            app.mount("/assets", Assets(directory=self._folder / "assets"), name="assets")

    def page(self, request: Request) -> Response | None:
        """Return what is at an address that the API does not know; None: nothing of the UI."""
        path = request.url.path
        if request.method not in ("GET", "HEAD") or _NOT_PAGES.match(path) or not self.built:
            return None
        if _ROOT_FILE.fullmatch(path):
            file = self._folder / path[1:]
            if not file.is_file():
                return None
            return FileResponse(
                file, headers={"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
            )
        nonce = secrets.token_urlsafe(16)
        return HTMLResponse(
            self._index.replace(_NONCE, nonce),
            headers={
                "Cache-Control": "no-cache",
                "Content-Security-Policy": policy(nonce),
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            },
        )


def policy(nonce: str) -> str:
    """Return what a page may do: what came from here, and styles with this nonce."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def page_of(request: Request) -> Response | None:
    """Return the page at an address that the API does not know, where there is one."""
    web: WebUi | None = getattr(request.app.state, "web", None)
    return None if web is None else web.page(request)
