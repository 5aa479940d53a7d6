"""What people and agents write is text: it runs nothing, loads nothing and breaks no screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.watching import Watch

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

# each would tell of itself: by a dialog, by a request to somebody else, or by breaking out of an attribute
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>${{alert(3)}}javascript:alert(4)'
TURNED = "report\u202etxt.exe"
SAID = """echo ![pixel](https://elsewhere.invalid/pixel.png) \
<img src='https://elsewhere.invalid/raw.png' onerror='alert(5)'> \
<iframe src='https://elsewhere.invalid'></iframe><style>body{display:none}</style> \
[press me](javascript:alert(6)) <svg onload=alert(7)> **bold**"""


def test_an_agents_answer_runs_and_loads_nothing(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="answer")
    person = enter()
    person.open_session(made)
    person.say(SAID)
    person.sees("bold")
    assert person.conversation.locator("img, iframe, script, style, svg[onload]").count() == 0
    assert person.conversation.locator("a[href^='javascript:']").count() == 0
    assert person.conversation.locator("a:not([rel*=noopener])[target=_blank]").count() == 0
    expect(person.composer).to_be_visible()


def test_every_field_of_a_session_is_shown_as_it_was_written(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name=HOSTILE, message=f"echo {HOSTILE}")
    person = enter()
    for path in ("/", "/sessions", f"/sessions/{made}", f"/sessions/{made}?tab=details"):
        person.go(path)
        expect(person.page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
        assert person.page.locator("img").count() == 0
    person.page.keyboard.press("Control+k")
    expect(
        person.page.get_by_role("dialog").get_by_text("<img src=x onerror=alert(1)>").first
    ).to_be_visible()


def test_hostile_text_in_the_form_comes_back_as_it_was_written(enter: Enter, backstage: Backstage) -> None:
    person = enter(path="/sessions/new")
    person.field("create.name").fill(HOSTILE)
    person.field("create.message").fill(f"echo {HOSTILE}")
    person.page.reload()
    expect(person.field("create.name")).to_have_value(HOSTILE)
    person.button("create.submit").click()
    person.sees("<script>alert(2)</script>")


def test_a_name_that_reads_otherwise_than_it_is_is_refused_at_its_field(enter: Enter, watch: Watch) -> None:
    watch.allow("status of 400 .*/api/v1/sessions")
    person = enter(path="/sessions/new")
    person.field("create.name").fill(TURNED)
    person.button("create.submit").click()
    expect(person.field("create.name")).to_have_attribute("aria-invalid", "true")
    expect(person.page.get_by_text("文字の向きを変える文字").first).to_be_visible()
    assert person.path == "/sessions/new"


def test_addresses_that_mean_harm_lead_nowhere(enter: Enter) -> None:
    person = enter(path=None)
    for to in (
        "//elsewhere.invalid",
        "https://elsewhere.invalid",
        "/\\elsewhere.invalid",
        "javascript:alert(8)",
    ):
        person.page.goto(f"{person.url}/sign-in?to={to}")
        person.page.get_by_label(person.words("signIn.token")).fill(person.token)
        person.button("signIn.enter").click()
        expect(person.main).to_be_visible()
        expect(person.page.get_by_role("navigation")).to_be_visible()
        assert person.page.url.startswith(f"{person.url}/")
        person.page.context.clear_cookies()


def test_a_key_with_a_hostile_name_is_a_name(enter: Enter, backstage: Backstage) -> None:
    made = backstage.post("/api-keys", {"name": HOSTILE})
    person = enter(path="/settings")
    expect(person.page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    backstage.delete(f"/api-keys/{made['key_id']}")
