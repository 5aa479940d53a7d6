"""What has ended says how, can be gone on with, and stays readable; what is deleted asks about its files first."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.visitor import Visitor
from tests.browser.words import Language

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

_KEPT = {"pvc_enabled": True, "pvc_retain": True, "pvc_storage_size": "1Gi"}


def ended(backstage: Backstage, how: str = "stop", **fields: object) -> str:
    """A session in which something was said, and that has ended."""
    made = backstage.session(message="echo remembered words", **fields)
    backstage.until(made, lambda session: session["agent_state"] == "ready")
    backstage.post(f"/sessions/{made}/{how}")
    backstage.until(made, lambda session: session["ended_at"] is not None)
    return made


def deleting(person: Visitor, made: str) -> Locator:
    """Ask to delete a session from its own page."""
    person.go(f"/sessions/{made}")
    person.page.get_by_role("button", name=person.words("action.more")).first.click()
    person.page.get_by_role("menuitem", name=person.words("action.delete"), exact=True).click()
    return person.page.get_by_role("dialog")


def facts(cause: Locator) -> dict[str, str]:
    """What a cause says in numbers."""
    names = cause.locator("dt").all_inner_texts()
    return dict(zip(names, cause.locator("dd").all_inner_texts(), strict=True))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_end_is_told_by_four_facts_and_how_its_memory_went(
    backstage: Backstage, enter: Enter, language: Language
) -> None:
    made = backstage.session(name="measured")
    backstage.until(made, lambda _: len(backstage.get(f"/sessions/{made}/usage")["samples"]) > 1, 60)
    backstage.post(f"/sessions/{made}/stop")
    backstage.until(made, lambda session: session["ended_at"] is not None)
    person = enter(language=language, path=f"/sessions/{made}?tab=details")
    cause = person.page.get_by_role("region", name=person.words("session.cause")).first
    expect(cause).to_contain_text("B / ")
    told = facts(cause)
    assert "B / " in told[person.words("detail.peak")]
    assert re.search(r"\d", told[person.words("detail.ran")])
    assert re.search(r"\d:\d\d", told[person.words("detail.endedAt")])
    assert person.words("detail.exitCode") in told
    memory = person.page.get_by_role("region", name=person.words("detail.memoryOver"))
    expect(memory.get_by_role("img", name=person.words.like("detail.graph"))).to_be_visible()
    remains = person.page.get_by_role("region", name=person.words("ended.remains"))
    expect(remains).to_contain_text(person.words("ended.noFiles"))
    person.page.get_by_role("link", name=person.words("ended.past")).click()
    expect(person.page).to_have_url(re.compile("tab=timeline"))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_ended_session_is_resumed_with_its_conversation(
    backstage: Backstage, enter: Enter, language: Language
) -> None:
    made = ended(backstage, name="to-go-on", config=_KEPT)
    person = enter(language=language, path=f"/sessions/{made}")
    cause = person.page.get_by_role("region", name=person.words("session.cause"))
    expect(cause).to_contain_text(person.words("detail.resumeHelp"))
    cause.get_by_role("button", name=person.words("action.resume"), exact=True).click()
    expect(person.page).not_to_have_url(re.compile(made), timeout=30_000)
    expect(person.page.get_by_text(person.words("chat.resumedFrom"))).to_be_visible()
    person.say("history")
    person.sees("remembered words")
    person.page.get_by_role("link", name=person.words("chat.before")).click()
    expect(person.page).to_have_url(re.compile(made))
    newest = backstage.get("/sessions", limit=1)["sessions"][0]["session_id"]
    again = backstage.get(f"/sessions/{newest}")
    assert (again["resumed"], again["recreated_from"]) == (True, made)


def test_a_session_whose_files_are_gone_offers_no_resuming(backstage: Backstage, enter: Enter) -> None:
    made = ended(backstage, name="without-files")
    person = enter(path=f"/sessions/{made}")
    cause = person.page.get_by_role("region", name=person.words("session.cause"))
    expect(cause.get_by_role("button", name=person.words("action.recreate"), exact=True)).to_be_visible()
    expect(person.page.get_by_role("button", name=person.words("action.resume"), exact=True)).to_have_count(0)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_deleted_session_is_in_the_history_and_what_was_said_in_it_is_read(
    backstage: Backstage, enter: Enter, language: Language
) -> None:
    made = ended(backstage, "complete", name="well-done")
    ended(backstage, name="was-stopped")
    backstage.delete(f"/sessions/{made}")
    person = enter(language=language, path="/sessions")
    expect(person.page.get_by_role("row").filter(has_text="was-stopped")).to_be_visible()
    expect(person.page.get_by_role("row").filter(has_text="well-done")).to_have_count(0)
    person.link("history.link").click()
    rows = person.page.get_by_role("table", name=person.words("history.title")).get_by_role("row")
    expect(rows.filter(has_text="well-done")).to_contain_text(person.words("history.deleted"))
    for heading in ("sessions.column.name", "sessions.column.status", "detail.ran", "session.moment.ended"):
        expect(person.page.get_by_role("columnheader", name=person.words(heading))).to_be_visible()
    person.page.get_by_role("tab", name=person.words("status.completed"), exact=True).click()
    expect(person.page).to_have_url(re.compile("status=completed"))
    expect(rows.filter(has_text="was-stopped")).to_have_count(0)
    rows.get_by_role("link", name="well-done").click()
    person.sees("remembered words")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_deleting_takes_the_files_along_unless_it_is_told_not_to(
    backstage: Backstage, enter: Enter, language: Language
) -> None:
    kept = ended(backstage, name="keeps", config={**_KEPT, "pvc_retain": False})
    lost = ended(backstage, name="loses", config={**_KEPT, "pvc_retain": False})
    person = enter(language=language)
    for made in (kept, lost):
        dialog = deleting(person, made)
        box = dialog.get_by_role("checkbox", name=person.words("session.deleteVolume"))
        expect(box).to_be_checked()
        expect(dialog).to_contain_text(person.words("detail.loseFiles"))
        if made == kept:
            box.uncheck()
            expect(dialog).to_contain_text(person.words("detail.keepFiles"))
        dialog.get_by_role("button", name=person.words("action.delete"), exact=True).click()
        expect(person.page).to_have_url(f"{person.url}/sessions")
    person.go("/volumes")
    volumes = person.page.get_by_role("table", name=person.words("volumes.title")).get_by_role("row")
    expect(volumes.filter(has_text="keeps")).to_be_visible()
    expect(volumes.filter(has_text="loses")).to_have_count(0)
    volumes.get_by_role("link", name=f"{person.words('volumes.use')}: keeps").click()
    expect(person.page).to_have_url(re.compile("/sessions/new"))
    person.field("create.name").fill("goes-on")
    person.button("create.submit").click()
    expect(person.page).to_have_url(re.compile("/sessions/session-"))
    made = person.path.rsplit("/", 1)[1]
    assert backstage.get(f"/sessions/{made}")["config"]["pvc_from"] == kept
    backstage.until(made, lambda session: session["status"] == "running")
    person.go("/volumes")
    expect(volumes.filter(has_text="goes-on")).to_contain_text(person.words("volumes.inUse"))
    backstage.post(f"/sessions/{made}/stop")
    backstage.until(made, lambda session: session["ended_at"] is not None)
    person.page.reload()
    volumes.get_by_role("button", name=re.compile(f"^{person.words('action.delete')}: ")).click()
    dialog = person.page.get_by_role("dialog")
    expect(dialog).to_contain_text("1\u00a0GiB")
    dialog.get_by_role("button", name=person.words("action.delete"), exact=True).click()
    expect(volumes).to_have_count(0, timeout=30_000)


def test_forcing_does_not_wait_for_an_agent_that_answers_nothing(backstage: Backstage, enter: Enter) -> None:
    made = backstage.session(name="deaf", message="hang")
    backstage.until(made, lambda session: session["agent_state"] == "working")
    person = enter()
    dialog = deleting(person, made)
    expect(dialog).to_contain_text(person.words("detail.loseWork"))
    force = dialog.get_by_role("checkbox", name=person.words("session.force"))
    expect(force).not_to_be_checked()
    force.check()
    with person.page.expect_request(lambda request: request.method == "DELETE") as asked:
        dialog.get_by_role("button", name=person.words("action.delete"), exact=True).click()
    assert "force=true" in asked.value.url
    backstage.until(made, lambda session: session["ended_at"] is not None)
