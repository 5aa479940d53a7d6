"""Somebody at the screen: what a person does, in the words that a person reads."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.words import Language, Words


@dataclass
class Visitor:
    """One tab, in one language."""

    page: Page
    url: str
    token: str
    language: Language = "ja"

    @property
    def words(self) -> Words:
        return Words(self.language)

    # --- ways ---

    def arrive(self, path: str = "/") -> None:
        """Come by the address that `ccplant up` prints, which signs in by itself."""
        self.page.goto(f"{self.url}{path}#token={self.token}")
        expect(self.main).to_be_visible()

    def go(self, path: str) -> None:
        """Open an address."""
        self.page.goto(f"{self.url}{path}")
        expect(self.main).to_be_visible()

    def open_session(self, session_id: str) -> None:
        """Open a session where people talk."""
        self.go(f"/sessions/{session_id}")
        expect(self.composer).to_be_visible()

    @property
    def path(self) -> str:
        """Where the tab is."""
        return urlsplit(self.page.url).path

    # --- things ---

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name=self.words("chat.message"), exact=True)

    @property
    def conversation(self) -> Locator:
        return self.page.get_by_label(self.words("chat.conversation"), exact=True)

    def button(self, key: str) -> Locator:
        return self.page.get_by_role("button", name=self.words(key), exact=True)

    def field(self, key: str) -> Locator:
        return self.page.get_by_role("textbox", name=self.words(key))

    def link(self, key: str) -> Locator:
        return self.page.get_by_role("link", name=self.words(key), exact=True)

    # --- deeds ---

    def choose(self, label: str) -> None:
        """Choose one of a row of alternatives; what is clicked is its label."""
        self.page.locator("label").get_by_text(label, exact=True).click()

    def say(self, text: str) -> None:
        """Write into the chat and send it."""
        self.composer.fill(text)
        self.button("chat.send").click()
        expect(self.composer).to_have_value("")

    def sees(self, text: str) -> None:
        """Wait until the agent has said it."""
        expect(self.conversation).to_contain_text(text, timeout=15_000)
