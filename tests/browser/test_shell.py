"""The frame around every screen: ways, keys, languages, and what it says when something is away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.watching import Watch
from tests.browser.words import Language

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SECTIONS = {
    "nav.dashboard": ("/", "d"),
    "nav.sessions": ("/sessions", "s"),
    "nav.webhooks": ("/webhooks", "w"),
    "nav.schedules": ("/schedules", "c"),
    "nav.volumes": ("/volumes", "v"),
    "nav.settings": ("/settings", "t"),
}


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement?.id || document.activeElement?.tagName"))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_section_has_an_address_a_title_and_a_chord_of_keys(enter: Enter, language: Language) -> None:
    person = enter(language=language)
    for name, (path, key) in SECTIONS.items():
        person.go("/sessions/new")
        person.page.locator("#content").focus()
        person.page.keyboard.press("g")
        person.page.keyboard.press(key)
        expect(person.page).to_have_url(f"{person.url}{path}")
        expect(person.page).to_have_title(re.compile(rf"^{re.escape(person.words(name))}.* · ccplant$"))
        here = person.page.get_by_role("navigation").get_by_role("link", name=person.words(name))
        expect(here).to_have_attribute("aria-current", "page")


def test_single_keys_do_nothing_while_somebody_writes(enter: Enter) -> None:
    person = enter(path="/sessions/new")
    field = person.field("create.message")
    field.click()
    person.page.keyboard.type("g s ? n /")
    expect(field).to_have_value("g s ? n /")
    assert person.path == "/sessions/new"
    expect(person.page.get_by_role("dialog")).to_have_count(0)


def test_single_keys_can_be_switched_off(enter: Enter) -> None:
    person = enter()
    person.page.keyboard.press("?")
    dialog = person.page.get_by_role("dialog", name=person.words("keys.title"))
    dialog.get_by_role("switch").uncheck(force=True)
    person.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    person.page.keyboard.press("n")
    person.page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    assert person.path == "/"


def test_the_finder_goes_to_a_session_by_a_part_of_its_name(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="review-of-the-billing-page")
    backstage.session(name="something-else")
    person = enter()
    person.page.keyboard.press("Control+k")
    search = person.page.get_by_placeholder(person.words("finder.placeholder"))
    search.fill("billing review")
    expect(person.page.get_by_role("dialog").get_by_role("button")).to_have_count(1)
    search.press("Enter")
    expect(person.page).to_have_url(re.compile(made))
    expect(person.page.get_by_role("dialog")).to_have_count(0)


def test_the_enter_that_ends_a_composed_word_chooses_nothing_in_the_finder(enter: Enter) -> None:
    person = enter()
    person.page.keyboard.press("Control+k")
    search = person.page.get_by_placeholder(person.words("finder.placeholder"))
    expect(search).to_be_focused()
    remote = person.page.context.new_cdp_session(person.page)
    remote.send("Input.imeSetComposition", {"text": "せってい", "selectionStart": 4, "selectionEnd": 4})
    search.dispatch_event("keydown", {"key": "Enter", "code": "Enter", "keyCode": 229, "isComposing": True})
    assert person.path == "/"
    remote.send("Input.insertText", {"text": "設定"})
    expect(search).to_have_value("設定")
    expect(person.page.get_by_role("dialog").get_by_role("button")).to_have_count(1)
    search.press("ArrowDown")
    search.press("Enter")
    expect(person.page).to_have_url(f"{person.url}/settings")


def test_the_keyboard_follows_into_the_screen_that_was_gone_to(enter: Enter) -> None:
    person = enter()
    person.page.keyboard.press("Tab")
    expect(person.page.get_by_text(person.words("shell.skip"))).to_be_focused()
    person.page.keyboard.press("Enter")
    assert focused(person.page) == "content"
    person.page.get_by_role("navigation").get_by_role("link", name=person.words("nav.settings")).click()
    expect(person.page.get_by_role("heading", level=1)).to_have_text(person.words("nav.settings"))
    expect(person.page.locator("#content")).to_be_focused()


def test_language_and_colours_stay_as_chosen(enter: Enter) -> None:
    person = enter(path="/settings")
    person.choose("English")
    person.language = "en"
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Settings")
    person.choose(person.words("settings.schemes.dark"))
    html = person.page.locator("html")
    expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
    person.page.reload()
    expect(html).to_have_attribute("lang", "en")
    expect(html).to_have_attribute("data-mantine-color-scheme", "dark")


def test_an_address_that_nothing_has_says_so_and_leads_back(enter: Enter) -> None:
    person = enter(path="/no/such/place")
    expect(person.page.get_by_role("heading", level=1)).to_have_text(person.words("notFound.title"))
    person.link("notFound.home").click()
    expect(person.page).to_have_url(f"{person.url}/")


def test_a_network_that_is_away_is_told_and_forgotten_when_it_is_back(enter: Enter, watch: Watch) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED")
    person = enter()
    bar = person.page.get_by_text(person.words("shell.offline"))
    person.page.context.set_offline(True)
    expect(bar).to_be_visible()
    person.page.context.set_offline(False)
    expect(bar).to_be_hidden()


def test_a_failure_is_told_with_the_id_that_the_log_knows_it_by(enter: Enter, watch: Watch) -> None:
    watch.allow("status of 500")
    person = enter(path="/settings")
    person.page.route(
        "**/api/v1/api-keys",
        lambda route: route.fulfill(
            status=500,
            headers={"X-Request-Id": "req-of-this-failure"},
            json={"error": {"code": "INTERNAL_ERROR", "message": "Something broke."}},
        ),
    )
    person.button("settings.keys.create").click()
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("laptop")
    dialog.get_by_role("button", name=person.words("settings.keys.create")).click()
    toast = person.page.get_by_role("alert")
    expect(toast).to_contain_text("Something broke.")
    expect(toast).to_contain_text("req-of-this-failure")


def test_somebody_who_signs_out_sees_nothing_any_more(enter: Enter) -> None:
    person = enter(path="/settings")
    person.page.get_by_role("main").get_by_role("button", name=person.words("shell.signOut")).click()
    expect(person.page).to_have_url(re.compile("/sign-in"))
    person.page.goto(f"{person.url}/sessions")
    expect(person.page.get_by_role("heading", level=1)).to_have_text(person.words("signIn.title"))


def test_a_refused_token_is_told_at_the_field(enter: Enter, watch: Watch) -> None:
    watch.allow("status of 401")
    person = enter(path=None)
    person.page.goto(f"{person.url}/sign-in")
    person.page.get_by_label(person.words("signIn.token")).fill("ccp_of_nobody")
    person.button("signIn.enter").click()
    expect(person.page.get_by_text(person.words("signIn.refused"))).to_be_visible()


def test_the_menu_of_a_phone_opens_leads_on_and_closes(enter: Enter) -> None:
    person = enter(phone=True)
    person.button("shell.menu").click()
    expect(person.button("shell.closeMenu")).to_be_focused()
    person.page.get_by_role("navigation").get_by_role("link", name=person.words("nav.settings")).click()
    expect(person.page).to_have_url(f"{person.url}/settings")
    expect(person.button("shell.closeMenu")).not_to_be_in_viewport()
    assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
