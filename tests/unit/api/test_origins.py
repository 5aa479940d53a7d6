"""Which pages are our own: what a WebSocket by cookie is opened by."""

from __future__ import annotations

import pytest

from ccplant_api.principals.browser import is_own


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://ccplant.example", "https://ccplant.example"),
        ("https://ccplant.example", "https://ccplant.example:443"),
        ("https://CCPLANT.example:443", "https://ccplant.example"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://ccplant.example", "http://ccplant.example"),
        ("https://ccplant.example:8443", "http://ccplant.example:8443"),
    ],
)
def test_our_own_page_is_known_however_its_address_is_written(origin: str, own: str) -> None:
    assert is_own(origin, own)


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        ("", "https://ccplant.example"),
        ("null", "https://ccplant.example"),
        ("https://", "https://ccplant.example"),
        ("https://evil.example", "https://ccplant.example"),
        ("https://ccplant.example.evil.example", "https://ccplant.example"),
        ("http://ccplant.example", "https://ccplant.example"),
        ("http://ccplant.example:443", "https://ccplant.example"),
        ("https://ccplant.example:8443", "https://ccplant.example"),
        ("http://127.0.0.1:8081", "http://127.0.0.1:8080"),
        ("https://ccplant.example:99999", "https://ccplant.example"),
        ("chrome-extension://ccplant.example", "https://ccplant.example"),
    ],
)
def test_no_other_page_is_taken_for_it(origin: str, own: str) -> None:
    assert not is_own(origin, own)
