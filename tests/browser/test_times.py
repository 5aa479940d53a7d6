"""When a schedule runs is said in words and in dates, in its own time zone, and each run is told afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.watching import Watch
from tests.browser.words import Language

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture
def schedule(backstage: Backstage) -> Iterator[str]:
    """A schedule of the nights."""
    made = backstage.post(
        "/schedules",
        {"name": "nightly", "cron": "30 3 * * 1-5", "timezone": "Asia/Tokyo", "message": "echo it ran"},
    )["schedule_id"]
    yield made
    backstage.delete(f"/schedules/{made}")


@pytest.mark.parametrize(
    ("language", "said", "weekday"),
    [("ja", r"3.30", "[月火水木金]"), ("en", r"0?3:30", "Mon|Tue|Wed|Thu|Fri")],
    ids=["ja", "en"],
)
def test_a_cron_expression_is_read_back_in_words_with_its_next_five_runs_in_its_zone(
    enter: Enter, watch: Watch, language: Language, said: str, weekday: str
) -> None:
    watch.allow("status of 400 .*/schedules/preview")
    person = enter(language=language, path="/schedules/new?recipe=own")
    person.field("schedules.cron").fill("30 3 * * 1-5")
    zone = person.page.get_by_role("combobox", name=person.words("schedules.timezone"))
    zone.click()
    zone.fill("Asia/Tok")
    person.page.get_by_role("option", name="Asia/Tokyo", exact=True).click()
    preview = person.main.locator("[aria-live=polite]").filter(has=person.page.get_by_role("list"))
    rows = preview.get_by_role("listitem")
    preview_head = preview.locator("strong")
    expect(rows).to_have_count(5)
    expect(preview.locator("strong")).to_have_text(re.compile(said))
    for row in rows.all():
        expect(row).to_contain_text("3:30")
        expect(row).to_contain_text(re.compile(weekday))
    expect(preview).to_contain_text(person.words("schedules.nextRuns_other", count=5))
    person.field("schedules.cron").fill("30 3 * *")
    expect(person.field("schedules.cron")).to_have_attribute("aria-invalid", "true")
    expect(rows).to_have_count(0)
    expect(preview_head).to_have_text(person.words("schedules.cronHelp"))
    person.field("schedules.cron").fill("30 3 * * 1-5")
    expect(rows).to_have_count(5)
    person.field("schedules.cron").fill("")
    expect(rows).to_have_count(0)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_runs_are_told_with_how_they_came_about_and_lead_to_their_sessions(
    backstage: Backstage, schedule: str, enter: Enter, language: Language
) -> None:
    person = enter(language=language, path="/schedules")
    row = person.page.get_by_role("row").filter(has_text="nightly")
    expect(row).to_contain_text(person.words("schedules.neverRan"))
    expect(row).to_contain_text("3:30")
    person.go(f"/schedules/{schedule}")
    expect(person.page.get_by_text(person.words("schedules.noRunsYet"))).to_be_visible()
    person.page.get_by_role("button", name=person.words("schedules.runNow")).first.click()
    runs = person.page.get_by_role("region", name=re.compile(f"^{person.words('schedules.runs')}"))
    run = runs.get_by_role("listitem").first
    expect(run).to_contain_text(person.words("schedules.byHand"))
    expect(run).to_contain_text(person.words("status.completed"), timeout=30_000)
    run.get_by_role("link").click()
    person.sees("it ran")
    person.go("/schedules")
    switch = row.get_by_role("switch")
    expect(switch).to_be_checked()
    switch.press("Space")
    expect(row).to_contain_text(person.words("schedules.stopped"))
    assert backstage.get(f"/schedules/{schedule}")["enabled"] is False
