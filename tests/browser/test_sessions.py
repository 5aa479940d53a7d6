"""The list, the form and the end of a session, as a person goes through them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.words import Language

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_list_follows_what_happens_without_a_reload(
    enter: Enter, backstage: Backstage, language: Language
) -> None:
    person = enter(language=language, path="/sessions")
    expect(person.page.get_by_role("heading", name=person.words("sessions.emptyTitle"))).to_be_visible()
    made = backstage.session(name="comes-by-itself")
    row = person.page.get_by_role("row").filter(has_text="comes-by-itself")
    expect(row).to_contain_text(person.words("status.running"), timeout=20_000)
    backstage.post(f"/sessions/{made}/complete")
    expect(row).to_contain_text(person.words("status.completed"), timeout=20_000)


def test_a_filter_is_in_the_address_and_survives_a_reload(enter: Enter, backstage: Backstage) -> None:
    backstage.session(name="still-running")
    backstage.failed_session(name="did-not-start")
    person = enter(path="/sessions")
    person.page.get_by_role("tab", name=re.compile(person.words("status.failed"))).click()
    rows = person.page.get_by_role("row")
    expect(rows.filter(has_text="did-not-start")).to_be_visible()
    expect(rows.filter(has_text="still-running")).to_have_count(0)
    expect(person.page).to_have_url(re.compile("status=failed"))
    person.page.reload()
    expect(rows.filter(has_text="did-not-start")).to_be_visible()
    expect(rows.filter(has_text="still-running")).to_have_count(0)


def test_a_broken_session_says_why_and_is_created_again(enter: Enter, backstage: Backstage) -> None:
    made = backstage.failed_session(name="cannot-clone")
    person = enter(path=f"/sessions/{made}")
    cause = person.page.get_by_role("region", name=person.words("session.cause"))
    expect(cause).to_be_visible()
    expect(person.page.get_by_text("clone_failed").first).to_be_visible()
    person.page.get_by_role("button", name=person.words("action.recreate")).first.click()
    expect(person.page).not_to_have_url(re.compile(made))
    expect(person.page).to_have_url(re.compile("/sessions/session-"))


@pytest.mark.parametrize("phone", [False, True])
def test_whoever_opens_an_ended_session_reads_its_cause_first_and_what_was_said_above_it(
    enter: Enter, backstage: Backstage, phone: bool
) -> None:
    made = backstage.session(name="over")
    for number in range(12):
        backstage.say(made, f"echo answer {number}")
    backstage.until(made, lambda session: session["agent_state"] == "ready", 60)
    person = enter(phone=phone, path=f"/sessions/{made}")
    person.sees("answer 11")
    backstage.post(f"/sessions/{made}/stop")
    backstage.until(made, lambda session: session["ended_at"] is not None)
    for look in ("while it ends", "anew"):
        if look == "anew":
            person.page.reload()
        cause = person.page.get_by_role("region", name=person.words("session.cause"))
        head = cause.get_by_text(re.compile("terminated|stopped|停止")).first
        expect(head).to_be_in_viewport()
        expect(person.button("chat.newest")).to_have_count(0)
    person.conversation.evaluate("element => { element.scrollTop = 0 }")
    expect(person.page.get_by_text("answer 0", exact=True).first).to_be_in_viewport()


def test_a_form_that_was_left_is_as_it_was_and_a_wrong_field_is_told_in_its_place(
    enter: Enter, backstage: Backstage
) -> None:
    person = enter(path="/sessions/new")
    person.field("create.name").fill("half-written")
    person.field("create.branch").fill("main")
    person.page.reload()
    expect(person.field("create.name")).to_have_value("half-written")
    person.button("create.submit").click()
    expect(person.page.get_by_text(person.words("create.branchAlone"))).to_be_visible()
    assert person.path == "/sessions/new"
    person.field("create.branch").fill("")
    person.button("create.submit").click()
    expect(person.page).to_have_url(re.compile("/sessions/session-"))
    person.go("/sessions/new")
    expect(person.field("create.name")).to_have_value("")


def test_a_session_is_deleted_after_it_was_asked_once(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="to-be-deleted")
    person = enter(path=f"/sessions/{made}")
    person.page.get_by_role("button", name=person.words("action.more")).first.click()
    person.page.get_by_role("menuitem", name=re.compile(person.words("action.delete"))).click()
    dialog = person.page.get_by_role("dialog")
    expect(dialog).to_contain_text("to-be-deleted")
    dialog.get_by_role("checkbox", name=person.words("session.force")).check()
    dialog.get_by_role("button", name=person.words("action.delete")).click()
    expect(person.page).to_have_url(f"{person.url}/sessions")
    backstage.until(
        made, lambda session: session["deleted_at"] is not None or session["stop_requested"] is not None
    )


def test_on_a_phone_the_list_and_the_form_are_whole(enter: Enter, backstage: Backstage) -> None:
    backstage.session(name="a-session-with-a-rather-long-name-for-such-a-small-screen")
    person = enter(phone=True, path="/sessions")
    link = person.page.get_by_role("link", name=re.compile("^a-session-with")).first
    expect(link).to_be_in_viewport()
    assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    person.go("/sessions/new")
    person.field("create.name").fill("from the train")
    person.button("create.submit").tap()
    expect(person.page).to_have_url(re.compile("/sessions/session-"))
    expect(person.composer).to_be_visible()
