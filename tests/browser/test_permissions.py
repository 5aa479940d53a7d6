"""A permission request has one answer, whoever gives it and wherever."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def request(person: Visitor, page: Page | None = None) -> Locator:
    return (page or person.page).get_by_role("region", name=person.words("chat.permission"))


def test_a_request_shows_in_two_tabs_and_one_answer_closes_both(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="two-tabs")
    person = enter()
    person.open_session(made)
    other = person.page.context.new_page()
    other.goto(f"{person.url}/sessions/{made}")
    person.say("ask")
    expect(request(person)).to_be_visible()
    expect(request(person, other)).to_be_visible()
    request(person, other).get_by_role(
        "button", name=person.words("chat.option.allow_once"), exact=True
    ).click()
    expect(request(person)).to_have_count(0)
    expect(request(person, other)).to_have_count(0)
    backstage.until(made, lambda session: session["agent_state"] == "ready")
    answers = backstage.get(f"/sessions/{made}/permissions")["permissions"]
    assert [each["answer"]["kind"] for each in answers] == ["allow_once"]


def test_two_people_who_answer_at_once_get_one_answer(
    enter: Enter, backstage: Backstage, watch: Watch
) -> None:
    watch.allow("status of 409 .*/permissions/")  # the later of the two
    made = backstage.session(name="at-once")
    one, other = enter(language="ja"), enter(language="en")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    for person in (one, other):
        person.open_session(made)
        # the answer of each is held back until both have pressed
        person.page.route("**/permissions/*", hold)
    one.say("ask")
    for person, key in ((one, "chat.option.allow_once"), (other, "chat.option.reject_once")):
        request(person).get_by_role("button", name=person.words(key), exact=True).click()
    for route in held:
        route.continue_()
    for person in (one, other):
        expect(request(person)).to_have_count(0)
    answers = backstage.get(f"/sessions/{made}/permissions")["permissions"]
    assert len(answers) == 1
    assert answers[0]["state"] == "answered"


def test_a_bare_enter_never_answers(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="enter")
    person = enter()
    person.open_session(made)
    person.say("ask")
    expect(request(person)).to_be_visible()
    person.page.keyboard.press("Enter")
    person.page.keyboard.press("Enter")
    waiting = backstage.get(f"/sessions/{made}/permissions", state="pending")["permissions"]
    assert len(waiting) == 1


def test_on_a_phone_the_request_is_seen_and_answered_without_scrolling(
    enter: Enter, backstage: Backstage
) -> None:
    made = backstage.session(name="phone")
    person = enter(phone=True)
    person.open_session(made)
    person.say("stream 200 2000")
    person.say("ask")
    allow = request(person).get_by_role("button", name=person.words("chat.option.allow_once"), exact=True)
    expect(allow).to_be_in_viewport(timeout=15_000)
    box = allow.bounding_box()
    assert box is not None
    assert box["height"] >= 36
    allow.tap()
    expect(request(person)).to_have_count(0)
