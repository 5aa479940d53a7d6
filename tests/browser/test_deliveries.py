"""What GitHub sends shows up by itself, with what became of it and why, and can be given another try."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, expect

from ccplant_webhook_ingest.signature import sign
from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.origin import repository
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.browser.words import Language
from tests.support.ingest import pull_request

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

_numbers = itertools.count(1)


@pytest.fixture
def webhook(backstage: Backstage, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A webhook for pull requests of one organization."""
    made = backstage.post(
        "/webhooks",
        {
            "name": "pulls",
            "events": ["pull_request"],
            "repositories": ["acme/*"],
            "message": "echo looked at {{ pull_request.number }}",
            "repository": repository(tmp_path),
        },
    )
    yield made
    backstage.delete(f"/webhooks/{made['webhook_id']}")


def deliver(webhook: dict[str, Any], payload: dict[str, Any]) -> None:
    """Send what GitHub would."""
    body = json.dumps(payload).encode()
    answer = httpx.post(
        webhook["delivery_url"],
        content=body,
        headers={
            "Content-Type": "application/json",
            "X-GitHub-Event": "pull_request",
            "X-GitHub-Delivery": f"delivery-{next(_numbers)}",
            "X-Hub-Signature-256": sign(webhook["secret"], body),
        },
        timeout=20,
    )
    assert answer.status_code == 202, answer.text


def rows(person: Visitor) -> Locator:
    return person.page.get_by_role("table").get_by_role("row")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_delivery_shows_up_by_itself_with_its_outcome_and_the_reason(
    webhook: dict[str, Any], enter: Enter, language: Language
) -> None:
    person = enter(language=language, path=f"/webhooks/{webhook['webhook_id']}")
    expect(person.page.get_by_text(person.words("webhooks.noDeliveries"), exact=True)).to_be_visible()
    deliver(webhook, pull_request(7))
    row = rows(person).filter(has_text="acme/site")
    expect(row).to_contain_text(person.words("triggers.outcome.dispatched"), timeout=30_000)
    stranger = pull_request(8)
    stranger["repository"] = {**stranger["repository"], "full_name": "other/site"}
    deliver(webhook, stranger)
    row = rows(person).filter(has_text="other/site")
    expect(row).to_contain_text(person.words("triggers.outcome.ignored"), timeout=30_000)
    reason = row.locator("[data-column=reason]")
    expect(reason).to_contain_text("other/site")
    person.page.get_by_role("button", name=re.compile(f"^{person.words('triggers.outcome.ignored')}")).click()
    expect(rows(person).filter(has_text="acme/site")).to_have_count(0)
    expect(person.page).to_have_url(re.compile("outcome=ignored"))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_delivery_is_processed_again_by_the_webhook_as_it_is_now(
    webhook: dict[str, Any], enter: Enter, backstage: Backstage, language: Language
) -> None:
    stranger = pull_request(9)
    stranger["repository"] = {**stranger["repository"], "full_name": "other/site"}
    deliver(webhook, stranger)
    person = enter(language=language, path=f"/webhooks/{webhook['webhook_id']}")
    rows(person).filter(has_text="other/site").get_by_role("link").first.click()
    expect(person.page).to_have_url(re.compile("/deliveries/"))
    expect(person.main).to_contain_text(person.words("triggers.outcome.ignored"))
    backstage.patch(f"/webhooks/{webhook['webhook_id']}", {"repositories": ["other/*"]})
    person.button("webhooks.replay").click()
    expect(person.main).to_contain_text(person.words("triggers.outcome.dispatched"), timeout=30_000)
    person.page.get_by_role("link", name=re.compile("^session-")).click()
    person.sees("looked at 9")


def test_what_would_happen_is_shown_while_the_template_is_written(
    enter: Enter, backstage: Backstage, watch: Watch
) -> None:
    watch.allow("status of 400 .*/webhooks/test")
    person = enter(language="en", path="/webhooks/new?recipe=review")
    dry_run = person.page.get_by_role("complementary", name=person.words("webhooks.try.title"))
    expect(dry_run).to_contain_text(person.words("webhooks.try.dispatched"))
    message = person.field("webhooks.message.label")
    message.fill("Number {{ pull_request.number }} says hello")
    expect(dry_run).to_contain_text(re.compile(r"Number \d+ says hello"))
    message.fill("{{ pull_request.__class__ }}")
    expect(dry_run).to_contain_text(person.words("webhooks.try.refused"))
    message.fill("{% if pull_request %}")
    expect(dry_run).to_contain_text(person.words("webhooks.try.refused"))
    assert backstage.get("/webhooks")["webhooks"] == []
    assert backstage.get("/sessions")["sessions"] == [], "nothing was started"
