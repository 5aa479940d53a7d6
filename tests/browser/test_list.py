"""The list is sorted and searched as somebody wishes, and offers for each session what its status allows."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.visitor import Visitor
from tests.browser.words import Language

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def names(person: Visitor) -> Locator:
    return person.page.get_by_role("row").locator("[data-column=name] a")


def offered(person: Visitor, name: str) -> list[str]:
    """What the menu of a session offers."""
    person.page.get_by_role("button", name=f"{person.words('action.more')}: {name}").click()
    items = person.page.get_by_role("menuitem")
    expect(items.first).to_be_visible()
    found = items.all_inner_texts()
    person.page.keyboard.press("Escape")
    expect(items).to_have_count(0)
    return found


@pytest.mark.parametrize("language", ["ja", "en"])
def test_it_is_sorted_by_the_start_or_by_the_last_change(
    backstage: Backstage, enter: Enter, language: Language
) -> None:
    first = backstage.session(name="older")
    backstage.session(name="newer")
    person = enter(language=language, path="/sessions")
    expect(names(person)).to_have_text(["newer", "older"])
    backstage.patch(f"/sessions/{first}", {"timeout_minutes": 90})
    person.page.get_by_role("combobox", name=person.words("sessions.sort")).click()
    person.page.get_by_role("option", name=person.words("sessions.byUpdated")).click()
    expect(person.page).to_have_url(re.compile("sort=updated_at"))
    expect(names(person)).to_have_text(["older", "newer"])
    person.page.reload()
    expect(names(person)).to_have_text(["older", "newer"])


@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_status_offers_what_can_be_done_in_it(
    backstage: Backstage, enter: Enter, language: Language
) -> None:
    backstage.session(name="at-work")
    backstage.failed_session(name="broken")
    done = backstage.session(name="done")
    backstage.post(f"/sessions/{done}/complete")
    backstage.until(done, lambda session: session["status"] == "completed")
    person = enter(language=language, path="/sessions")
    words = person.words
    expect(names(person)).to_have_count(3)
    every = [words("session.tab.details")]
    remove = [words("action.delete")]
    assert offered(person, "at-work") == [*every, words("action.stop"), words("action.complete"), *remove]
    again = [words("action.recreate"), words("action.recreateWith")]
    assert offered(person, "broken") == [*every, *again, *remove]
    assert offered(person, "done") == [*every, *again, *remove]
    for name, first in (
        ("at-work", "action.open"), ("broken", "detail.seeCause"), ("done", "history.link"),
    ):  # fmt: skip
        expect(person.page.get_by_role("link", name=f"{words(first)}: {name}")).to_be_visible()
    person.page.get_by_role("button", name=f"{words('action.more')}: at-work").click()
    person.page.get_by_role("menuitem", name=words("action.stop"), exact=True).click()
    dialog = person.page.get_by_role("dialog", name=words("session.stopTitle", name="at-work"))
    expect(dialog).to_contain_text(words("detail.loseFiles"))
    dialog.get_by_role("button", name=words("action.stop"), exact=True).click()
    row = person.page.get_by_role("row").filter(has_text="at-work")
    expect(row).to_contain_text(words("status.terminated"), timeout=30_000)


def test_a_part_of_a_name_finds_it_and_what_is_not_there_is_said(backstage: Backstage, enter: Enter) -> None:
    backstage.session(name="認証の実装")
    backstage.session(name="Fix the Login page")
    person = enter(path="/sessions")
    search = person.page.get_by_role("textbox", name=person.words("sessions.search"))
    search.fill("login fix")
    expect(names(person)).to_have_text(["Fix the Login page"])
    search.fill("実装")
    expect(names(person)).to_have_text(["認証の実装"])
    search.fill("nowhere")
    expect(person.page.get_by_role("heading", name=person.words("sessions.noMatchTitle"))).to_be_visible()
    person.button("sessions.clear").click()
    expect(names(person)).to_have_count(2)
