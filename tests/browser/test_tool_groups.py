"""Tool calls that follow each other: one line, opened by keys, and what went wrong in sight."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.past import remember
from tests.browser.words import Language
from tests.support.system import System

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_calls_are_one_line_that_keys_open_and_a_failed_one_is_seen_without(
    enter: Enter, backstage: Backstage, system: System, language: Language
) -> None:
    made = backstage.session(name="tools")
    backstage.say(made, "echo hello")
    backstage.until(made, lambda session: session["agent_state"] == "ready" and session["last_seq"] > 4)
    backstage.until(made, lambda _: not backstage.get(f"/sessions/{made}/messages", limit=1)["prompts"])
    remember(system.data_dir, made, 1)
    person = enter(language=language, path=None)
    person.arrive(f"/sessions/{made}")
    line = person.conversation.get_by_role("button", name=person.words("chat.tools", count=4))
    expect(line).to_contain_text("Read ×2, Bash, Edit")
    expect(line).to_have_attribute("aria-expanded", "false")
    calls = person.conversation.get_by_role("list", name=person.words("chat.tools", count=4)).get_by_role(
        "listitem"
    )
    expect(calls).to_have_count(1)
    expect(calls.first).to_contain_text(person.words("chat.tool.failed"))
    line.focus()
    person.page.keyboard.press("Enter")
    expect(line).to_have_attribute("aria-expanded", "true")
    expect(calls).to_have_count(4)
    person.page.keyboard.press("Space")
    expect(calls).to_have_count(1)
