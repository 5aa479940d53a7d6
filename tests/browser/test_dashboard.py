"""What needs somebody now, and that the rest of the page tells of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_somebody_who_has_nothing_is_shown_the_first_step(enter: Enter, backstage: Backstage) -> None:
    person = enter()
    expect(person.page.get_by_role("heading", name=person.words("dashboard.first.title"))).to_be_visible()
    person.link("dashboard.first.action").click()
    expect(person.page).to_have_url(f"{person.url}/sessions/new")


def test_a_request_is_answered_from_the_dashboard_and_everything_that_told_of_it_is_quiet(
    enter: Enter, backstage: Backstage
) -> None:
    person = enter()
    made = backstage.session(name="asks-for-something", message="ask")
    needed = person.page.get_by_role("region", name=person.words("dashboard.needed"))
    row = needed.get_by_role("listitem").filter(has_text="asks-for-something")
    expect(row).to_be_visible(timeout=40_000)
    expect(row).to_contain_text(person.words.like("dashboard.rejectedIn"))
    expect(person.page).to_have_title(re.compile(r"^\(1\) "))
    expect(person.page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("needed"))
    expect(
        person.page.get_by_role("navigation").get_by_label(person.words("shell.needed_other", count=1))
    ).to_be_visible()
    row.get_by_role("button", name=person.words("dashboard.allowOnce")).click()
    expect(row).to_be_hidden(timeout=40_000)
    expect(person.page).not_to_have_title(re.compile(r"^\("), timeout=40_000)
    backstage.until(made, lambda session: session["agent_state"] == "ready")
    answers = backstage.get(f"/sessions/{made}/permissions")["permissions"]
    assert [(each["state"], each["answer"]["kind"]) for each in answers] == [("answered", "allow_once")]


def test_a_failure_says_why_until_somebody_has_looked(enter: Enter, backstage: Backstage) -> None:
    made = backstage.failed_session(name="without-a-repository")
    person = enter()
    row = person.page.get_by_role("listitem").filter(has_text="without-a-repository").first
    expect(row).to_contain_text("clone_failed")
    row.get_by_role("link", name=person.words("dashboard.seeCause")).click()
    expect(person.page).to_have_url(re.compile(made))
    person.go("/")
    expect(person.page.get_by_text(person.words("dashboard.nothingNeeded"))).to_be_visible()
    recent = person.page.get_by_role("region", name=person.words("dashboard.recent"))
    expect(recent).to_contain_text("without-a-repository")


def test_what_runs_appears_and_goes_without_a_reload(enter: Enter, backstage: Backstage) -> None:
    person = enter()
    made = backstage.session(name="comes-and-goes")
    table = person.page.get_by_role("table", name=person.words("dashboard.open"))
    expect(table).to_contain_text("comes-and-goes", timeout=40_000)
    expect(table).to_contain_text(person.words("status.running"))
    backstage.post(f"/sessions/{made}/complete")
    expect(table).to_be_hidden(timeout=40_000)


def test_the_next_runs_of_schedules_are_told(enter: Enter, backstage: Backstage) -> None:
    backstage.session(name="any")
    made = backstage.post("/schedules", {"name": "夜間テスト", "cron": "0 3 * * *", "message": "echo night"})
    try:
        person = enter()
        runs = person.page.get_by_role("region", name=person.words("dashboard.next"))
        expect(runs).to_contain_text("夜間テスト")
    finally:
        backstage.delete(f"/schedules/{made['schedule_id']}")
