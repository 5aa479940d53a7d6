"""A picture of each screen, on demand: `make test-browser ARGS="-k pictures --screens docs/screens"`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.screens import SCREENS, clear, set_up, settled
from tests.browser.words import Language

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_pictures_of_every_screen(enter: Enter, backstage: Backstage, request: pytest.FixtureRequest) -> None:
    folder = request.config.getoption("--screens", default=None)
    if folder is None:
        pytest.skip('no pictures are wanted: ARGS="-k pictures --screens docs/screens" takes them')
    Path(folder).mkdir(parents=True, exist_ok=True)
    scene = set_up(backstage)
    looks: tuple[tuple[Language, str, bool], ...] = (
        ("ja", "light", False),
        ("en", "dark", False),
        ("ja", "light", True),
    )
    for language, scheme, phone in looks:
        person = enter(language=language, scheme=scheme, phone=phone)
        for screen in SCREENS:
            person.go(screen.path(scene))
            settled(person.page)
            if screen.then is not None:
                screen.then(person)
            name = f"{screen.name}-{language}-{'phone' if phone else scheme}.png"
            person.page.screenshot(path=Path(folder) / name, animations="disabled", caret="hide", scale="css")
    clear(backstage, scene)
