"""What a schedule or a webhook gives its sessions, in its form: no secret is lost, and none is shown or kept by the page."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from ccplant_store.store import Store
from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.test_accessibility import faults
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.browser.words import Language
from tests.support.system import System

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

_SECRET = "s3cret-that-nobody-sees"
_HEADER = "Bearer t0ken-that-nobody-sees"
_MASK = "***"
# what is wider than a fold is cut off by it, and makes no page wider
_HIDDEN = """
[...document.querySelectorAll("form input, form textarea, form button")]
  .filter((field) => field.getClientRects().length > 0 && field.getAttribute("type") !== "hidden")
  .filter((field) => field.getBoundingClientRect().left < 0 || field.getBoundingClientRect().right > innerWidth)
  .map((field) => field.outerHTML.slice(0, 120))
"""
_CONFIG = {
    "model": "opus",
    "pvc_enabled": True,
    "pvc_retain": True,
    "pvc_storage_size": "20Gi",
    "env": {"TOKEN": {"value": _SECRET}, "LEVEL": {"value": "debug", "secret": False}},
    "mcp_servers": {
        "docs": {
            "type": "http",
            "url": "http://127.0.0.1:9/mcp",
            "headers": {"Authorization": _HEADER},
        }
    },
}


@pytest.fixture(autouse=True)
def _no_triggers_are_left(backstage: Backstage) -> Iterator[None]:
    yield
    for kind, key in (("webhooks", "webhook_id"), ("schedules", "schedule_id")):
        for each in backstage.get(f"/{kind}")[kind]:
            backstage.delete(f"/{kind}/{each[key]}")


def unfold(person: Visitor) -> None:
    """Open what few need."""
    head = person.page.get_by_role(
        "button", name=re.compile(f"^{re.escape(person.words('triggers.advanced.title'))}")
    )
    head.press("Enter")
    expect(head).to_have_attribute("aria-expanded", "true")


def value_of(person: Visitor, name: str) -> Locator:
    """The field of a variable's or header's value."""
    return person.page.get_by_label(f"{person.words('create.env.value')}: {name}", exact=True)


def stored(system: System, schedule_id: str) -> dict[str, Any]:
    """The configuration as it is in the database, where nothing is masked."""
    url = (system.data_dir / "secrets" / "mongodb.url").read_text().strip()

    async def read() -> dict[str, Any]:
        store = await Store.connect(url)
        try:
            schedule = await store.schedules.get(schedule_id)
            assert schedule is not None
            config: dict[str, Any] = schedule.definition["config"]
            return config
        finally:
            store.close()

    # the browser's library keeps an event loop in this thread
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, read()).result(30)


def saved(person: Visitor) -> None:
    """Save, and wait until it is."""
    person.button("action.save").click()
    expect(person.page.get_by_text(person.words("triggers.saved"))).to_be_visible()
    expect(person.button("action.save")).to_have_count(0)


def kept_by_browser(person: Visitor) -> str:
    """Everything that the browser keeps of the page."""
    return str(person.page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })"))


def test_a_schedule_gives_its_sessions_a_secret_a_server_and_a_volume_and_keeps_them_when_it_is_changed(
    enter: Enter, backstage: Backstage, system: System
) -> None:
    person = enter(path="/schedules/new?recipe=nightly")
    page = person.page
    unfold(person)
    page.get_by_role("checkbox", name=person.words("create.volume")).check()
    page.get_by_label(person.words("create.volumeGib")).fill("20")
    page.get_by_role("checkbox", name=person.words("create.keep")).check()
    page.get_by_role("button", name=person.words("create.env.add")).first.click()
    page.get_by_label(f"{person.words('create.env.name')} 1").fill("TOKEN")
    value_of(person, "TOKEN").fill(_SECRET)
    page.get_by_role("button", name=person.words("create.mcp.other"), exact=True).click()
    server = page.get_by_role("group", name=person.words("create.mcp.new"))
    server.get_by_label(person.words("create.mcp.name"), exact=True).fill("docs")
    server = page.get_by_role("group", name="docs", exact=True)
    server.get_by_label(person.words("create.mcp.type")).click()
    page.get_by_role("option", name="HTTP").click()
    server.get_by_label("URL").fill("http://127.0.0.1:9/mcp")
    server.get_by_role("button", name=person.words("create.mcp.addHeader")).click()
    server.get_by_label(f"{person.words('create.mcp.header')} 1", exact=True).fill("Authorization")
    value_of(person, "Authorization").fill(_HEADER)
    assert _SECRET not in kept_by_browser(person)
    assert _HEADER not in kept_by_browser(person)
    person.button("schedules.create").click()
    expect(page).to_have_url(re.compile(r"/schedules/sched-"))
    made = person.path.rsplit("/", 1)[1]
    config = stored(system, made)
    assert (config["pvc_enabled"], config["pvc_retain"], config["pvc_storage_size"]) == (True, True, "20Gi")
    assert config["env"]["TOKEN"] == {"value": _SECRET, "secret": True}
    assert config["mcp_servers"]["docs"]["headers"] == {"Authorization": _HEADER}

    person.go(f"/schedules/{made}?tab=settings")
    unfold(person)
    for name in ("TOKEN", "Authorization"):
        expect(value_of(person, name)).to_have_value("")
        expect(value_of(person, name)).to_have_attribute("type", "password")
        expect(value_of(person, name)).to_have_accessible_description(person.words("create.env.kept"))
    expect(page.get_by_label(person.words("create.volumeGib"))).to_have_value("20")
    # another variable beside it: the whole map is sent
    page.get_by_role("button", name=person.words("create.env.add")).first.click()
    page.get_by_label(f"{person.words('create.env.name')} 2").fill("OTHER")
    value_of(person, "OTHER").fill("o7her-secret")
    basics = page.get_by_role("region", name=person.words("schedules.basics"))
    basics.get_by_role("textbox").fill("別の名前")
    saved(person)
    assert backstage.get(f"/schedules/{made}")["name"] == "別の名前"
    after = stored(system, made)
    assert after["env"]["OTHER"] == {"value": "o7her-secret", "secret": True}
    assert {**after, "env": {"TOKEN": after["env"]["TOKEN"]}} == config
    assert _SECRET not in page.content()


@pytest.fixture
def schedule(backstage: Backstage) -> str:
    """A schedule that has all of it."""
    made: str = backstage.post(
        "/schedules", {"name": "夜間", "cron": "0 3 * * *", "message": "echo night", "config": _CONFIG}
    )["schedule_id"]
    return made


def test_a_secret_that_is_to_be_shown_or_goes_elsewhere_is_asked_for_again(
    enter: Enter, system: System, schedule: str
) -> None:
    person = enter(path=f"/schedules/{schedule}?tab=settings")
    page = person.page
    unfold(person)
    row = page.get_by_role("group", name=f"{person.words('create.env.variable')}: TOKEN")
    row.get_by_role("checkbox").uncheck()
    expect(row.get_by_text(person.words("create.env.againToShow"))).to_be_visible()
    page.get_by_label("URL").fill("http://127.0.0.1:10/mcp")
    header = page.get_by_role("group", name=f"{person.words('create.mcp.header')}: Authorization")
    expect(header.get_by_text(person.words("create.mcp.againForOther"))).to_be_visible()
    person.button("action.save").click()
    expect(value_of(person, "TOKEN")).to_be_focused()
    assert stored(system, schedule)["env"]["TOKEN"] == {"value": _SECRET, "secret": True}
    value_of(person, "TOKEN").fill("for-everybody")
    value_of(person, "Authorization").fill("Bearer other")
    saved(person)
    config = stored(system, schedule)
    assert config["env"]["TOKEN"] == {"value": "for-everybody", "secret": False}
    assert config["mcp_servers"]["docs"]["url"] == "http://127.0.0.1:10/mcp"
    assert config["mcp_servers"]["docs"]["headers"] == {"Authorization": "Bearer other"}


def test_servers_as_json_show_masks_and_keep_what_these_stand_for(
    enter: Enter, system: System, schedule: str
) -> None:
    person = enter(language="en", path=f"/schedules/{schedule}?tab=settings")
    unfold(person)
    person.choose("JSON")
    area = person.page.get_by_label(person.words("create.mcp.json"))
    servers = json.loads(area.input_value())
    assert servers["docs"]["headers"] == {"Authorization": _MASK}
    servers["wiki"] = {"type": "http", "url": "http://127.0.0.1:9/wiki", "headers": {"X": _MASK}}
    area.fill(json.dumps(servers))
    expect(area).to_have_attribute("aria-invalid", "true")
    expect(person.page.get_by_text(f"wiki: {person.words('create.env.maskOfNothing')}")).to_be_visible()
    servers["wiki"]["headers"]["X"] = "y"
    area.fill(json.dumps(servers))
    saved(person)
    config = stored(system, schedule)["mcp_servers"]
    assert config["docs"]["headers"] == {"Authorization": _HEADER}
    assert config["wiki"]["headers"] == {"X": "y"}


def test_a_draft_comes_back_with_its_rows_and_asks_for_its_secrets(
    enter: Enter, backstage: Backstage
) -> None:
    person = enter(path="/webhooks/new?recipe=review")
    page = person.page
    unfold(person)
    page.get_by_label(person.words("create.model")).fill("opus")
    page.get_by_role("button", name=person.words("create.env.add")).first.click()
    page.get_by_label(f"{person.words('create.env.name')} 1").fill("TOKEN")
    value_of(person, "TOKEN").fill(_SECRET)
    assert _SECRET not in kept_by_browser(person)
    page.reload()
    person.button("webhooks.create").click()
    # the fold that it stands in was closed
    expect(value_of(person, "TOKEN")).to_be_focused()
    expect(page.get_by_text(person.words("create.env.noValue"))).to_be_visible()
    expect(page.get_by_label(person.words("create.model"))).to_have_value("opus")
    assert backstage.get("/webhooks")["webhooks"] == []
    value_of(person, "TOKEN").fill(_SECRET)
    person.button("webhooks.create").click()
    expect(page.get_by_text(person.words("webhooks.secretOnce"))).to_be_visible()
    config = backstage.get("/webhooks")["webhooks"][0]["config"]
    assert config["model"] == "opus"
    assert config["env"] == {"TOKEN": {"value": _MASK, "secret": True}}


def test_a_refusal_is_said_at_the_row_that_it_is_about(enter: Enter, watch: Watch) -> None:
    watch.allow("status of 400 .*/schedules")
    person = enter(path="/schedules/new?recipe=nightly")
    unfold(person)
    person.page.get_by_label(person.words("triggers.advanced.image")).fill("example/image:1")
    person.button("schedules.create").click()
    image = person.page.get_by_label(person.words("triggers.advanced.image"))
    expect(image).to_have_attribute("aria-invalid", "true")
    expect(image).to_be_focused()
    assert person.path == "/schedules/new"


@pytest.mark.parametrize(
    ("language", "scheme", "phone"),
    [("ja", "light", False), ("en", "dark", False), ("ja", "light", True), ("en", "dark", True)],
)
def test_the_fields_fit_every_screen_and_have_no_fault(
    enter: Enter, schedule: str, request: pytest.FixtureRequest, language: Language, scheme: str, phone: bool
) -> None:
    person = enter(language=language, scheme=scheme, phone=phone, path=f"/schedules/{schedule}?tab=settings")
    picture(
        person,
        request,
        "closed",
        person.page.get_by_role("heading", name=person.words("triggers.advanced.title")),
    )
    unfold(person)
    field = person.page.get_by_role("group", name="docs", exact=True).get_by_label(
        person.words("create.mcp.name"), exact=True
    )
    expect(field).to_have_value("docs")
    picture(person, request, "stored", field)
    person.page.get_by_role("group", name=f"{person.words('create.env.variable')}: TOKEN").get_by_role(
        "checkbox"
    ).uncheck()
    person.page.get_by_label("URL").fill("http://127.0.0.1:10/mcp")
    expect(person.page.get_by_text(person.words("create.mcp.againForOther"))).to_be_visible()
    picture(person, request, "again", person.page.get_by_label(person.words("create.model")))
    picture(person, request, "again-below", field)


def picture(person: Visitor, request: pytest.FixtureRequest, name: str, at: Locator) -> None:
    """See that every field is within the screen and has no fault; keep what it looks like where pictures are wanted."""
    at.evaluate("field => field.scrollIntoView({ block: 'start' })")
    assert not (hidden := person.page.evaluate(_HIDDEN)), hidden
    assert not (found := faults(person)), "\n".join(found)
    folder = request.config.getoption("--screens", default=None)
    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        scene = request.node.callspec.id.removeprefix("chromium-")
        person.page.screenshot(
            path=Path(folder) / f"trigger-{name}-{scene}.png", animations="disabled", caret="hide"
        )
