"""A webhook and a schedule, made by somebody who has read nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.browser.words import Language

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def example(person: Visitor, key: str) -> Locator:
    """What begins with an example of the empty list."""
    return person.page.locator("section").filter(has_text=person.words(key)).get_by_role("link")


@pytest.fixture(autouse=True)
def _no_triggers_are_left(backstage: Backstage) -> Iterator[None]:
    yield
    for kind, key in (("webhooks", "webhook_id"), ("schedules", "schedule_id")):
        for each in backstage.get(f"/{kind}")[kind]:
            backstage.delete(f"/{kind}/{each[key]}")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_webhook_is_made_from_an_example_and_its_secret_is_shown_once(
    enter: Enter, backstage: Backstage, language: Language
) -> None:
    person = enter(language=language, path="/webhooks")
    example(person, "webhooks.recipe.review.title").click()
    expect(person.page).to_have_url(re.compile("/webhooks/new"))
    person.button("webhooks.create").click()
    expect(person.page.get_by_text(person.words("webhooks.secretOnce"))).to_be_visible()
    made = backstage.get("/webhooks")["webhooks"]
    assert len(made) == 1
    expect(person.page).to_have_url(re.compile(made[0]["webhook_id"]))
    secret = person.page.get_by_role("textbox", name="Secret")
    expect(secret).to_have_value(re.compile("^whsec_"))
    shown = secret.input_value()
    kept = person.page.evaluate("JSON.stringify([{...localStorage, ...sessionStorage}, history.state])")
    assert shown not in kept
    person.page.reload()
    expect(person.page.get_by_role("heading", name=made[0]["name"])).to_be_visible()
    expect(secret).to_have_count(0)
    expect(person.page.get_by_text(person.words("webhooks.secretWasShown"))).to_be_visible()
    expect(person.page.get_by_text(person.words("webhooks.secretOnce"))).to_have_count(0)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_schedule_is_made_from_an_example_runs_at_once_and_leads_to_its_session(
    enter: Enter, backstage: Backstage, language: Language
) -> None:
    person = enter(language=language, path="/schedules")
    example(person, "schedules.recipe.nightly.title").click()
    expect(person.page).to_have_url(re.compile("/schedules/new"))
    person.button("schedules.create").click()
    expect(person.page).to_have_url(re.compile(r"/schedules/sched-"))
    person.page.get_by_role("button", name=person.words("schedules.runNow")).first.click()
    link = person.page.get_by_role("link", name=person.words.like("schedules.openSession")).first
    expect(link).to_be_visible(timeout=30_000)
    link.click()
    expect(person.page).to_have_url(re.compile("/sessions/session-"))


@pytest.mark.parametrize("recipe", ["review", "mention"])
def test_an_example_would_start_something_as_it_stands(enter: Enter, recipe: str) -> None:
    person = enter(path=f"/webhooks/new?recipe={recipe}")
    dry_run = person.page.get_by_role("complementary", name=person.words("webhooks.try.title"))
    expect(dry_run).to_contain_text(person.words("webhooks.try.dispatched"))


def test_a_wrong_cron_expression_is_told_at_its_field(enter: Enter, watch: Watch) -> None:
    watch.allow("status of 400 .*/schedules")
    person = enter(path="/schedules/new?recipe=nightly")
    person.field("schedules.cron").fill("99 99 * * *")
    person.button("schedules.create").click()
    field = person.field("schedules.cron")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert person.path == "/schedules/new"
