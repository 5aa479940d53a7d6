"""A session is made with everything that it may have, and nothing secret is kept or shown by the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.origin import repository
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.browser.words import Language

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

_SECRET = "s3cret-that-nobody-sees"


def unfold(person: Visitor, key: str) -> None:
    """Open a folded part of the form."""
    head = person.page.get_by_role("button", name=re.compile(f"^{re.escape(person.words(key))}"))
    if head.get_attribute("aria-expanded") != "true":
        head.click()
    expect(head).to_have_attribute("aria-expanded", "true")


def made_by(person: Visitor, backstage: Backstage) -> dict[str, object]:
    """Send the form; return the session that came of it."""
    person.button("create.submit").click()
    expect(person.page).to_have_url(re.compile("/sessions/session-"))
    return backstage.get(f"/sessions/{person.path.rsplit('/', 1)[1]}")


def stored(person: Visitor) -> str:
    """Everything that the browser keeps of the page."""
    return str(person.page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })"))


def test_what_was_chosen_is_what_the_session_has(enter: Enter, backstage: Backstage) -> None:
    person = enter(path="/sessions/new")
    person.field("create.name").fill("全部入り")
    person.choose(person.words("create.preset.heavy"))
    slider = person.page.get_by_role("slider", name="CPU")
    slider.focus()
    slider.press("ArrowLeft")
    unfold(person, "create.env.title")
    person.button("create.env.add").click()
    person.page.get_by_label(f"{person.words('create.env.name')} 1").fill("TOKEN")
    person.page.get_by_label(f"{person.words('create.env.value')}: TOKEN").fill(_SECRET)
    unfold(person, "create.more")
    person.page.get_by_label(person.words("create.timeout")).fill("45")
    person.page.get_by_label(person.words("create.setup")).fill("echo ready > set-up.txt")
    session = made_by(person, backstage)
    config = session["config"]
    assert isinstance(config, dict)
    assert session["name"] == "全部入り"
    assert (config["cpu_limit"], config["memory_limit"]) == ("3", "8Gi")
    assert config["timeout_minutes"] == 45
    assert _SECRET not in json.dumps(session)
    person.say("run cat set-up.txt; printf %s $TOKEN | wc -c")
    allow = person.page.get_by_role("button", name=person.words("chat.option.allow_once"))
    allow.click()
    person.sees("ready")
    person.sees(str(len(_SECRET)))
    person.say("env TOKEN")
    expect(person.conversation).to_contain_text("TOKEN=***")
    assert _SECRET not in person.page.content(), "the value is redacted wherever the agent says it"
    assert _SECRET not in stored(person)


def test_a_wrong_variable_is_told_at_its_field_and_nothing_is_sent(
    enter: Enter, backstage: Backstage
) -> None:
    person = enter(language="en", path="/sessions/new")
    unfold(person, "create.env.title")
    person.button("create.env.add").click()
    name = person.page.get_by_label(f"{person.words('create.env.name')} 1")
    name.fill("1 WRONG")
    person.button("create.submit").click()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(person.page.get_by_text(person.words("create.env.badName"))).to_be_visible()
    assert backstage.get("/sessions")["sessions"] == []


def test_servers_by_form_and_by_json_are_the_same_servers(enter: Enter, backstage: Backstage) -> None:
    person = enter(path="/sessions/new")
    unfold(person, "create.mcp.title")
    person.page.get_by_role("button", name="github", exact=True).click()
    token = person.page.get_by_label(f"{person.words('create.env.value')}: GITHUB_PERSONAL_ACCESS_TOKEN")
    token.fill(_SECRET)
    assert token.get_attribute("type") == "password"
    person.choose("JSON")
    area = person.page.get_by_label(person.words("create.mcp.json"))
    servers = json.loads(area.input_value())
    assert servers["github"]["env"] == {"GITHUB_PERSONAL_ACCESS_TOKEN": _SECRET}
    area.fill("{ not json")
    expect(person.page.get_by_text(person.words("create.mcp.badJson"))).to_be_visible()
    area.fill(json.dumps({"mcpServers": {"wiki": {"type": "http", "url": "http://127.0.0.1:9/mcp"}}}))
    person.choose(person.words("create.mcp.asForm"))
    expect(person.page.get_by_role("group", name="wiki")).to_be_visible()
    session = made_by(person, backstage)
    config = session["config"]
    assert isinstance(config, dict)
    assert list(config["mcp_servers"]) == ["wiki"]


def test_the_same_as_last_time_fills_all_but_what_was_said_and_what_is_secret(
    enter: Enter, backstage: Backstage
) -> None:
    person = enter(path="/sessions/new")
    person.field("create.name").fill("first")
    person.choose(person.words("create.preset.light"))
    person.page.get_by_role("checkbox", name=person.words("create.volume")).check()
    person.page.get_by_role("checkbox", name=person.words("create.keep")).check()
    unfold(person, "create.env.title")
    person.button("create.env.add").click()
    person.page.get_by_label(f"{person.words('create.env.name')} 1").fill("TOKEN")
    person.page.get_by_label(f"{person.words('create.env.value')}: TOKEN").fill(_SECRET)
    first = made_by(person, backstage)
    person.go("/sessions/new")
    person.button("create.again").click()
    expect(person.page.get_by_role("checkbox", name=person.words("create.volume"))).to_be_checked()
    expect(person.field("create.name")).to_have_value("")
    unfold(person, "create.env.title")
    expect(person.page.get_by_label(f"{person.words('create.env.name')} 1")).to_have_value("TOKEN")
    expect(person.page.get_by_label(f"{person.words('create.env.value')}: TOKEN")).to_have_value("")
    config = first["config"]
    assert isinstance(config, dict)
    assert (config["pvc_enabled"], config["pvc_retain"]) == (True, True)


def test_the_time_limit_is_moved_from_the_head_of_the_session(enter: Enter, backstage: Backstage) -> None:
    made = backstage.session(name="long work", config={"timeout_minutes": 60})
    person = enter(path=f"/sessions/{made}")
    person.page.get_by_role("button", name=person.words("session.extendBy", minutes=30)).click()
    backstage.until(made, lambda session: session["config"]["timeout_minutes"] == 90)
    expect(person.page.get_by_text(person.words("session.extended", minutes=30))).to_be_visible()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_session_that_failed_is_made_again_with_what_was_wrong_mended(
    enter: Enter, backstage: Backstage, tmp_path: Path, language: Language
) -> None:
    broken = backstage.post(
        "/sessions",
        {
            "name": "wrong-repository",
            "repository": "https://127.0.0.1:1/none.git",
            "message": "echo do it",
            "config": {"env": {"TOKEN": _SECRET}, "setup_script": "true", "timeout_minutes": 30},
        },
    )["session_id"]
    backstage.until(broken, lambda session: session["status"] == "failed")
    person = enter(language=language, path=f"/sessions/{broken}")
    unsent = person.page.get_by_role("region", name=person.words("chat.undelivered"))
    expect(unsent).to_contain_text("echo do it")
    person.page.get_by_role("link", name=person.words("action.recreateWith")).first.click()
    name = person.page.get_by_role("textbox", name=person.words("create.name"), exact=True)
    expect(name).to_have_value("wrong-repository")
    expect(person.field("create.message")).to_have_value("echo do it")
    expect(person.page.get_by_text(person.words("create.from", name="wrong-repository"))).to_be_visible()
    person.field("create.repository").fill(repository(tmp_path))
    person.button("create.submit").click()
    value = person.page.get_by_label(f"{person.words('create.env.value')}: TOKEN")
    expect(value).to_be_focused()
    expect(value).to_have_attribute("aria-invalid", "true")
    value.fill("another")
    person.button("create.submit").click()
    expect(person.page).to_have_url(re.compile("/sessions/session-"))
    person.sees("do it")
    made = backstage.get(f"/sessions/{person.path.rsplit('/', 1)[1]}")
    assert (made["name"], made["config"]["timeout_minutes"]) == ("wrong-repository", 30)
    person.go("/")
    expect(person.page.get_by_text(person.words("dashboard.nothingNeeded"))).to_be_visible()


def test_what_was_typed_before_is_said_to_be_that_and_a_form_opened_for_a_volume_leaves_nothing(
    enter: Enter, backstage: Backstage
) -> None:
    person = enter(path="/sessions/new?volume=session-root-0000000000")
    expect(person.page.get_by_role("checkbox", name=person.words("create.volume"))).to_be_checked()
    person.field("create.name").fill("on the volume")
    person.go("/sessions/new")
    expect(person.page.get_by_role("checkbox", name=person.words("create.volume"))).not_to_be_checked()
    expect(person.page.get_by_text(person.words("create.draft"))).to_have_count(0)
    unfold(person, "create.more")
    person.page.get_by_label(person.words("create.setup")).fill("exit 3")
    person.page.reload()
    expect(person.page.get_by_text(person.words("create.draft"))).to_be_visible()
    expect(person.page.get_by_label(person.words("create.setup"))).to_be_visible()
    person.button("create.clear").click()
    expect(person.page.get_by_label(person.words("create.setup"))).to_have_value("")
    person.page.reload()
    expect(person.page.get_by_text(person.words("create.draft"))).to_have_count(0)


@pytest.mark.parametrize("phone", [False, True])
def test_whoever_sends_a_form_that_is_refused_is_brought_to_what_is_wrong(
    enter: Enter, watch: Watch, phone: bool
) -> None:
    watch.allow("status of 400 .*/sessions")
    person = enter(path="/sessions/new", phone=phone)
    person.field("create.repository").fill("not a repository")
    unfold(person, "create.more")
    person.button("create.submit").click()
    field = person.field("create.repository")
    expect(field).to_be_in_viewport()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(person.page.get_by_role("alert").filter(has_text=person.words("create.seeFields"))).to_be_visible()
