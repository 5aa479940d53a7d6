"""The shortest way through the product, as somebody goes who has never seen it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter

pytestmark = [
    pytest.mark.browser,
    pytest.mark.smoke,
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(300),
]


def test_somebody_signs_in_creates_a_session_and_gets_an_answer(enter: Enter, backstage: Backstage) -> None:
    person = enter(path=None)
    person.page.goto(person.url)
    person.page.get_by_label(person.words("signIn.token")).fill(person.token)
    person.button("signIn.enter").click()
    expect(person.page.get_by_role("heading", name=person.words("dashboard.first.title"))).to_be_visible()

    person.link("dashboard.first.action").click()
    person.field("create.name").fill("初めてのセッション")
    person.field("create.message").fill("echo こんにちは、世界")
    person.button("create.submit").click()

    expect(person.page).to_have_url(re.compile(r"/sessions/session-"))
    person.sees("こんにちは、世界")
    person.say("echo もう一度")
    person.sees("もう一度")
