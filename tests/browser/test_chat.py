"""Talking: nothing is lost, nothing is doubled, nothing is sent before it is meant to be."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.browser.wire import wire_to
from tests.browser.words import Language
from tests.support.system import System
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

_AWAY_MS = 20_000


def prompts(backstage: Backstage, session_id: str) -> int:
    """Return how many messages of people the session has."""
    entries = backstage.get(f"/sessions/{session_id}/messages", limit=200)["messages"]
    return sum(each["type"] == "message" and each.get("role") == "user" for each in entries)


def words_on(person: Visitor) -> list[str]:
    return re.findall(r"\w+", person.conversation.inner_text())


def test_a_cable_that_is_out_for_twenty_seconds_loses_and_doubles_nothing(
    enter: Enter, backstage: Backstage, system: System, watch: Watch
) -> None:
    watch.allow("WebSocket connection to", "net::ERR_")
    made = backstage.session(name="cut")
    with wire_to(system.port) as wire:
        person = enter(url=wire.url)
        person.open_session(made)
        person.say("stream 700 20")
        expect(person.conversation).to_contain_text(re.compile(r"(\w+\s+){40}"), timeout=15_000)
        wire.cut()
        expect(person.page.get_by_text(person.words.like("session.reconnecting"))).to_be_visible(
            timeout=15_000
        )
        before = len(words_on(person))
        person.page.wait_for_timeout(_AWAY_MS)
        assert len(words_on(person)) <= before + 3, "something came through a cable that is out"
        wire.mend()
        backstage.until(made, lambda session: session["agent_state"] == "ready", 60)
        said = re.findall(r"\w+", backstage.spoken(made))
        assert len(said) >= 700

        def all_of_it_once() -> bool:
            shown = words_on(person)
            at = next((at for at in range(len(shown)) if shown[at : at + len(said)] == said), None)
            return at is not None and shown[at + len(said) : at + 2 * len(said)] != said

        wait_until(all_of_it_once, 30, "the page as the record")


def test_an_enter_that_chooses_a_word_sends_nothing(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="ime")
    person = enter()
    person.open_session(made)
    person.composer.focus()
    remote = person.page.context.new_cdp_session(person.page)
    remote.send("Input.imeSetComposition", {"text": "こんにちは", "selectionStart": 5, "selectionEnd": 5})
    expect(person.composer).to_have_value("こんにちは")
    # what a browser sends for the Enter that takes the offered word: while composing, and with the code of all such keys
    remote.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    person.composer.dispatch_event("keydown", {"key": "Enter", "code": "Enter", "keyCode": 229})
    remote.send("Input.insertText", {"text": "echo 今日は"})
    expect(person.composer).to_have_value("echo 今日は")
    assert prompts(backstage, made) == 0
    person.composer.press("Enter")
    person.sees("今日は")
    assert prompts(backstage, made) == 1


def test_a_draft_survives_a_reload_and_belongs_to_its_session(enter: Enter, backstage: Backstage) -> None:
    one, other = backstage.session(name="one"), backstage.session(name="other")
    person = enter()
    person.open_session(one)
    person.composer.fill("まだ書いている途中")
    person.open_session(other)
    expect(person.composer).to_have_value("")
    person.open_session(one)
    expect(person.composer).to_have_value("まだ書いている途中")
    person.page.reload()
    expect(person.composer).to_have_value("まだ書いている途中")


def test_what_is_said_while_the_agent_works_waits_and_can_be_taken_back(
    enter: Enter, backstage: Backstage
) -> None:
    made = backstage.session(name="queue")
    person = enter()
    person.open_session(made)
    person.say("sleep 30")
    backstage.until(made, lambda session: session["agent_state"] == "working")
    person.say("echo never said")
    waiting = person.page.get_by_text("echo never said")
    expect(waiting.first).to_be_visible()
    person.button("chat.remove").click()
    expect(waiting).to_have_count(0)
    person.button("chat.stop").click()
    backstage.until(made, lambda session: session["agent_state"] == "ready")
    assert "never said" not in backstage.spoken(made)


def test_tools_thoughts_and_plans_are_seen_and_folded(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="parts")
    person = enter()
    person.open_session(made)
    for word in ("think", "plan", "tool"):
        person.say(word)
        backstage.until(made, lambda session: session["agent_state"] == "ready")
    expect(person.conversation.get_by_label(person.words("chat.plan")).first).to_be_visible()
    folded = person.conversation.locator("[aria-expanded=false], details:not([open])")
    expect(folded.first).to_be_visible()


def test_the_same_session_is_the_same_for_everybody_who_looks(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="seen-by-two")
    one, other = enter(language="ja"), enter(language="en", scheme="dark")
    one.open_session(made)
    other.open_session(made)
    one.say("echo for both of us")
    one.sees("for both of us")
    other.sees("for both of us")


def test_on_a_phone_somebody_can_write_and_read(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="small")
    person = enter(phone=True)
    person.open_session(made)
    expect(person.composer).to_be_in_viewport()
    size = person.composer.evaluate("(field) => parseFloat(getComputedStyle(field).fontSize)")
    assert size >= 16, "a phone zooms into a field of smaller letters"
    person.say("echo 電車の中から")
    person.sees("電車の中から")
    assert fits(person.page)


def fits(page: Page) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_waits_to_be_said_is_changed_or_taken_back(
    enter: Enter, backstage: Backstage, language: Language
) -> None:
    made = backstage.session(name="busy", message="sleep 600")
    backstage.until(made, lambda session: session["agent_state"] == "working")
    person = enter(language=language)
    person.open_session(made)
    for text in ("echo one", "echo two"):
        person.say(text)
    queue = person.page.get_by_role("list", name=person.words("chat.queue")).get_by_role("listitem")
    expect(queue).to_have_count(2)
    queue.nth(0).get_by_role("button", name=person.words("chat.editQueued")).click()
    field = queue.nth(0).get_by_role("textbox", name=person.words("chat.editQueued"))
    expect(field).to_have_value("echo one")
    field.fill("echo first, but better")
    queue.nth(0).get_by_role("button", name=person.words("chat.keep")).click()
    expect(queue.nth(0)).to_contain_text("echo first, but better")
    queue.nth(1).get_by_role("button", name=person.words("chat.remove")).click()
    expect(queue).to_have_count(1)
    person.button("chat.stopNext").click()
    person.sees("first, but better")
    expect(person.page.get_by_text("echo two")).to_have_count(0)
    said = [each.get("text") for each in backstage.get(f"/sessions/{made}/messages", limit=200)["messages"]]
    assert "echo two" not in said


def test_what_is_written_while_its_message_is_sent_is_kept_in_the_field(
    enter: Enter, backstage: Backstage
) -> None:
    made = backstage.session(name="quick", message="sleep 600")
    backstage.until(made, lambda session: session["agent_state"] == "working")
    person = enter()
    person.open_session(made)
    person.say("echo old words")
    queue = person.page.get_by_role("list", name=person.words("chat.queue")).get_by_role("listitem")
    queue.get_by_role("button", name=person.words("chat.editQueued")).click()
    queue.get_by_role("textbox", name=person.words("chat.editQueued")).fill("echo new words")
    person.button("chat.stopNext").click()
    person.sees("old words")
    expect(person.composer).to_have_value("echo new words")
    expect(person.page.get_by_text(person.words("chat.sentMeanwhile"))).to_be_visible()


def test_what_was_being_written_when_the_session_ended_can_still_be_copied(
    enter: Enter, backstage: Backstage
) -> None:
    made = backstage.session(name="ends-meanwhile")
    person = enter()
    person.open_session(made)
    person.composer.fill("half a thought")
    backstage.post(f"/sessions/{made}/stop")
    unsent = person.page.get_by_role("region", name=person.words("chat.unsent"))
    expect(unsent).to_contain_text("half a thought", timeout=40_000)
    expect(unsent.get_by_role("button", name=person.words("action.copy"))).to_be_visible()


def test_a_tool_that_somebody_refused_is_not_called_a_failure(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="asks", message="run true")
    backstage.until(made, lambda session: session["pending_permissions"] == 1)
    person = enter()
    person.open_session(made)
    person.page.get_by_role("button", name=person.words("chat.option.reject_once")).click()
    expect(person.conversation).to_contain_text(person.words("chat.tool.rejected"))
    expect(person.conversation.get_by_text(person.words("chat.tool.failed"), exact=True)).to_have_count(0)
