"""Watches a page during a whole test: what its console complains of, what its policy refuses, whom it speaks to.

Each is a fault that nobody sees on a screenshot. A test says beforehand what it provokes itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""
_OWN_SCHEMES = ("data", "blob", "about")
# asking who is signed in, and nobody is: the browser itself writes every such answer into the console
_NOBODY_SIGNED_IN = r"status of 401 .*/api/v1/sign-in"


@dataclass
class Watch:
    """What went wrong on the pages of one context."""

    faults: list[str] = field(default_factory=list)
    _allowed: list[re.Pattern[str]] = field(default_factory=lambda: [re.compile(_NOBODY_SIGNED_IN)])

    def allow(self, *patterns: str) -> None:
        """Take these faults for wanted: the test provokes them."""
        self._allowed += map(re.compile, patterns)

    def over(self, context: BrowserContext) -> None:
        """Watch every page of the context, from its first script on."""
        context.add_init_script(_TELL_VIOLATIONS)
        context.on("page", self._page)

    def unexpected(self) -> list[str]:
        """Return the faults that nobody wanted."""
        return [fault for fault in self.faults if not any(known.search(fault) for known in self._allowed)]

    def _page(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"error on the page: {error}"))
        page.on("request", self._asked)
        page.on("dialog", self._dialog)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text} {message.location.get('url', '')}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in _OWN_SCHEMES and address.hostname != "127.0.0.1":
            self.faults.append(f"a request to somebody else: {request.url}")

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"a dialog of the browser: {dialog.message}")
        dialog.dismiss()
