"""What a person chooses for a browser, and the keys of the account."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_a_key_is_shown_once_works_and_ends_when_it_is_revoked(enter: Enter, backstage: Backstage) -> None:
    person = enter(path="/settings")

    def works(token: str) -> bool:
        answer = httpx.get(f"{person.url}/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code == 200

    person.button("settings.keys.create").click()
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name=person.words("settings.keys.name")).fill("ノート PC")
    dialog.get_by_role("button", name=person.words("settings.keys.create")).click()
    shown = dialog.get_by_role("textbox", name=person.words("settings.keys.token"))
    token = shown.input_value()
    assert works(token)
    dialog.get_by_role("button", name=person.words("action.close")).last.click()
    expect(dialog).to_be_hidden()
    assert token not in person.page.content()

    row = person.page.get_by_role("listitem").filter(has_text="ノート PC")
    row.get_by_role("button").click()
    person.page.get_by_role("dialog").get_by_role("button", name=person.words("settings.keys.revoke")).click()
    expect(row).to_be_hidden()
    assert not works(token)


def test_the_send_key_holds_in_every_tab(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="two-keys")
    person = enter(path="/settings")
    other = person.page.context.new_page()
    other.goto(f"{person.url}/sessions/{made}")
    composer = other.get_by_role("textbox", name=person.words("chat.message"), exact=True)
    expect(composer).to_be_visible()
    person.choose("Ctrl+Enter")
    composer.fill("echo one")
    composer.press("Enter")
    composer.press_sequentially("two")
    expect(composer).to_have_value("echo one\ntwo")
    composer.press("Control+Enter")
    expect(composer).to_have_value("")


def test_the_desktop_is_told_of_what_waits_while_nobody_looks(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="far-away")
    person = enter(path=None)
    person.page.context.grant_permissions(["notifications"])
    person.page.context.add_init_script(
        """
        window.told = [];
        window.Notification = class extends EventTarget {
          static permission = "default";
          static async requestPermission() { return (this.permission = "granted"); }
          constructor(title, options) { super(); window.told.push([title, options.body]); }
          close() {}
        };
        document.hasFocus = () => false;
        """
    )
    person.arrive("/settings")
    switch = person.page.get_by_role("switch", name=person.words("settings.notify.label"))
    expect(switch).not_to_be_checked()
    switch.check(force=True)
    expect(switch).to_be_checked()
    backstage.say(made, "ask")
    wait_until(lambda: bool(person.page.evaluate("window.told.length")), 30, "a notice")
    told = person.page.evaluate("window.told")
    assert [each[0] for each in told] == [person.words("notice.permission", name="far-away")]
