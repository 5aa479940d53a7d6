"""A real Chromium before a real `ccplant up`: one system and one browser for the suite, a fresh context for each test.

The browser belongs to the suite's modules, not to the whole run: its library keeps an event loop that other tests in
the same process must not meet.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from tests.browser.backstage import Backstage
from tests.browser.surroundings import built_ui, chromium, launch_arguments
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.browser.words import Language
from tests.support.system import System

Enter = Callable[..., Visitor]

# a machine that does other things as well is slow, not wrong
_PATIENCE_MS = 15_000
expect.set_options(timeout=_PATIENCE_MS)

_DESKTOP = (1280, 860)
_PHONE = (360, 740)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screens", metavar="FOLDER", help="write a picture of each screen into this folder")


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole product, as `ccplant up` starts it."""
    if built_ui() is None:
        pytest.skip("the web UI is not built here: make web")
    one = System(tmp_path_factory.mktemp("browser") / "data")
    try:
        one.start()
        yield one
    finally:
        one.crash_if_running()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The library that moves the browser."""
    with sync_playwright() as library:
        yield library
    gc.collect()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The machine's Chromium, else playwright's own."""
    program = chromium(playwright)
    if program is None:
        pytest.skip("no Chromium on this machine: install it, or: .venv/bin/playwright install chromium")
    one = playwright.chromium.launch(executable_path=program, args=launch_arguments())
    yield one
    one.close()


@pytest.fixture(scope="package")
def _backstage(system: System) -> Iterator[Backstage]:
    one = Backstage(system.url, system.token)
    yield one
    one.close()


@pytest.fixture
def backstage(_backstage: Backstage) -> Iterator[Backstage]:
    """The way past the screens; nothing of a test is left for the next."""
    yield _backstage
    _backstage.end_all()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What is wrong on any page of the test: checked at its end."""
    one = Watch()
    yield one
    assert not one.unexpected(), "\n".join(one.unexpected())


@pytest.fixture
def enter(
    browser: Browser,
    system: System,
    watch: Watch,
    backstage: Backstage,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Iterator[Enter]:
    """Let people in: each call is a browser of its own, signed in unless told otherwise.

    They have gone before what they looked at is erased.
    """
    contexts: list[BrowserContext] = []

    def come(
        *,
        language: Language = "ja",
        scheme: str = "light",
        phone: bool = False,
        path: str | None = "/",
        url: str | None = None,
        size: tuple[int, int] | None = None,
    ) -> Visitor:
        width, height = size or (_PHONE if phone else _DESKTOP)
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="ja-JP" if language == "ja" else "en-US",
            timezone_id="Asia/Tokyo" if language == "ja" else "UTC",
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
            has_touch=phone,
            is_mobile=phone,
        )
        context.set_default_timeout(_PATIENCE_MS)
        contexts.append(context)
        watch.over(context)
        visitor = Visitor(context.new_page(), url or system.url, system.token, language)
        if path is not None:
            visitor.arrive(path)
        return visitor

    yield come
    for at, context in enumerate(contexts):
        if request.session.testsfailed:
            for number, page in enumerate(context.pages):
                page.screenshot(path=tmp_path / f"visitor-{at}-{number}.png")
        context.close()
