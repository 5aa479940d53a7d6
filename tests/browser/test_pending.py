"""Whoever waits for a session sees how far it is and, where it does not get on, why and what can be done."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.shortage import DIAGNOSIS, no_room
from tests.browser.words import Language
from tests.support.system import System

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def silent_host() -> Iterator[str]:
    """The address of a repository whose host takes the call and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/acme/site.git"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_start_is_followed_step_by_step_and_can_be_called_off(
    backstage: Backstage, silent_host: str, enter: Enter, language: Language
) -> None:
    made = backstage.post(
        "/sessions", {"name": "slow-clone", "repository": silent_host, "message": "echo hi"}
    )
    person = enter(language=language, path=f"/sessions/{made['session_id']}")
    steps = person.page.get_by_role("list", name=person.words("chat.start"))
    now = steps.locator("[aria-current=step]")
    expect(now).to_contain_text(person.words("chat.step.cloning"), timeout=30_000)
    expect(person.main).to_contain_text(person.words.like("pending.deadline"))
    expect(person.page.get_by_text("echo hi")).to_be_visible()
    person.page.get_by_role("button", name=person.words("action.more")).first.click()
    person.page.get_by_role("menuitem", name=person.words("action.stop"), exact=True).click()
    person.page.get_by_role("dialog").get_by_role(
        "button", name=person.words("action.stop"), exact=True
    ).click()
    cause = person.page.get_by_role("region", name=person.words("session.cause"))
    expect(cause.get_by_role("button", name=person.words("action.recreate"), exact=True)).to_be_visible(
        timeout=40_000
    )
    unsent = person.page.get_by_role("region", name=person.words("chat.undelivered"))
    expect(unsent).to_contain_text("echo hi")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_session_that_no_node_has_room_for_says_what_is_short_and_what_helps(
    system: System, backstage: Backstage, enter: Enter, language: Language
) -> None:
    other = backstage.session(name="holds-memory")
    with no_room(system, backstage, name="too-large") as made:
        person = enter(language=language, path=f"/sessions/{made}")
        cause = person.page.get_by_role("region", name=person.words("session.cause"))
        expect(cause).to_contain_text(DIAGNOSIS["message"][language])
        expect(cause).to_contain_text(DIAGNOSIS["hint"][language])
        expect(cause).to_contain_text("insufficient_memory")
        short = cause.get_by_role("list", name=person.words("detail.shortages"))
        for words in ("8\u00a0GiB", "6.3\u00a0GiB", "1.7\u00a0GiB"):
            expect(short).to_contain_text(words)
        rooms = short.get_by_role("list", name=person.words("detail.rooms")).get_by_role("listitem")
        expect(rooms).to_have_text(["6.3\u00a0GiB", "2\u00a0GiB", "0"])
        options = cause.get_by_role("group", name=person.words("pending.options"))
        options.get_by_role("button", name=person.words("pending.choose")).click()
        dialog = person.page.get_by_role("dialog", name=person.words("pending.stopTitle"))
        dialog.get_by_role("button", name=f"{person.words('action.stop')}: holds-memory").click()
        expect(dialog).to_contain_text(person.words("detail.loseWork"))
        dialog.get_by_role("button", name=f"{person.words('pending.stopNow')}: holds-memory").click()
        expect(dialog).to_be_hidden()
        assert backstage.get(f"/sessions/{other}")["stop_requested"] is not None
    backstage.until(other, lambda session: session["status"] == "terminated")


def test_it_is_made_again_with_less_and_what_waited_to_be_said_comes_along_with_its_files(
    system: System, backstage: Backstage, enter: Enter, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("words")
    with no_room(system, backstage, name="too-large", message="echo from before") as made:
        person = enter(path=f"/sessions/{made}")
        with person.page.expect_file_chooser() as chooser:
            person.button("chat.files.add").click()
        chooser.value.set_files(str(notes))
        person.say("attached")
        expect(person.page.get_by_role("list", name=person.words("chat.queue"))).to_contain_text("attached")
        cause = person.page.get_by_role("region", name=person.words("session.cause"))
        expect(cause).to_contain_text(person.words("pending.smaller.memory", size="6\u00a0GiB"))
        person.button("pending.smallerDo").click()
        backstage.until(made, lambda session: session["stop_requested"] is not None)
    expect(person.page).not_to_have_url(re.compile(made), timeout=60_000)
    person.sees("from before")
    person.sees("notes.txt")
    again = backstage.get(f"/sessions/{person.path.rsplit('/', 1)[1]}")
    assert (again["recreated_from"], again["config"]["memory_limit"]) == (made, "6Gi")
