"""No screen has a fault that axe can find, in light and dark, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.screens import SCREENS, Scene, Screen, clear, set_up, settled
from tests.browser.visitor import Visitor
from tests.browser.words import Language

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults(person: Visitor) -> list[str]:
    """Return what axe finds on the page as it is, each with where."""
    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": _STANDARDS}}
    found = Axe().run(person.page, options=options).response["violations"]
    told = []
    for each in found:
        told.append(f"{each['id']} ({each['impact']}): {each['help']}")
        told += [f"    {node['html'][:200]}" for node in each["nodes"][:5]]
    return told


@pytest.fixture
def scene(backstage: Backstage) -> Iterator[Scene]:
    one = set_up(backstage)
    yield one
    clear(backstage, one)


def look(person: Visitor, screen: Screen, scene: Scene) -> list[str]:
    person.go(screen.path(scene))
    settled(person.page)
    if screen.then is not None:
        screen.then(person)
    return [f"{screen.name}: {fault}" for fault in faults(person)]


@pytest.mark.parametrize(
    ("scheme", "phone", "language"),
    [("light", False, "ja"), ("dark", False, "en"), ("light", True, "en"), ("dark", True, "ja")],
    ids=["light", "dark", "phone", "dark-phone"],
)
def test_no_screen_has_a_fault(
    scene: Scene, enter: Enter, scheme: str, phone: bool, language: Language
) -> None:
    person = enter(scheme=scheme, phone=phone, language=language)
    found = [fault for screen in SCREENS for fault in look(person, screen, scene)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whoever_is_not_signed_in_meets_no_fault(enter: Enter, scheme: str) -> None:
    person = enter(path=None, scheme=scheme)
    person.page.goto(f"{person.url}/sign-in")
    person.page.get_by_label(person.words("signIn.token")).wait_for()
    assert not faults(person)


def test_an_empty_product_has_no_fault(enter: Enter, backstage: Backstage) -> None:
    person = enter(language="en")
    found = []
    for path in ("/", "/sessions", "/sessions/history", "/volumes", "/webhooks", "/schedules"):
        person.go(path)
        settled(person.page)
        found += [f"{path}: {fault}" for fault in faults(person)]
    assert not found, "\n".join(found)


def test_nothing_is_wider_than_a_phone(scene: Scene, enter: Enter) -> None:
    person = enter(phone=True)
    wide = []
    for screen in SCREENS:
        person.go(screen.path(scene))
        settled(person.page)
        if not person.page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            wide.append(screen.name)
    assert not wide
