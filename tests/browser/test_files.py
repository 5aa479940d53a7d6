"""Files go along with a message whichever way they are given, come back with the conversation, and the work is seen."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.backstage import Backstage
from tests.browser.conftest import Enter
from tests.browser.origin import repository
from tests.browser.visitor import Visitor
from tests.browser.words import Language

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
_GIVE = """
([kind, name, type, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(bytes)], name, { type }));
  const field = document.activeElement;
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  field.dispatchEvent(event);
}
"""


def beside(person: Visitor) -> Locator:
    """What waits beside the message that is being written."""
    return person.page.get_by_role(
        "list", name=person.words("chat.files.title"), exact=True
    ).last.get_by_role("listitem")


def choose(person: Visitor, *files: Path) -> None:
    """Choose files with the button."""
    with person.page.expect_file_chooser() as chooser:
        person.button("chat.files.add").click()
    chooser.value.set_files([str(file) for file in files])


def give(person: Visitor, kind: str, name: str, media_type: str, content: bytes) -> None:
    """Drop or paste a file into the field."""
    person.composer.focus()
    person.page.evaluate(_GIVE, [kind, name, media_type, list(content)])


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_files_by_button_drop_and_paste_reach_the_agent_as_they_are(
    enter: Enter, backstage: Backstage, tmp_path: Path
) -> None:
    made = backstage.session(name="with files")
    person = enter()
    person.open_session(made)
    written = tmp_path / "議事録 1.txt"
    written.write_text("行\n" * 500)
    choose(person, written)
    give(person, "drop", "dropped.csv", "text/csv", b"a,b\n1,2\n")
    give(person, "paste", "image.png", "image/png", _PNG)
    expect(beside(person)).to_have_count(3)
    person.say("attached")
    for content in (written.read_bytes(), b"a,b\n1,2\n", _PNG):
        person.sees(digest(content))
    expect(beside(person).filter(has=person.page.get_by_role("button"))).to_have_count(0)
    shown = person.conversation.get_by_role("link", name=re.compile("議事録"))
    expect(shown).to_be_visible()
    with person.page.expect_download() as download:
        shown.click()
    assert download.value.path().read_bytes() == written.read_bytes()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_files_go_along_with_the_first_message_of_a_session_that_is_made(
    enter: Enter, backstage: Backstage, tmp_path: Path, language: Language
) -> None:
    person = enter(language=language, path="/sessions/new")
    written, empty = tmp_path / "design.md", tmp_path / "empty.md"
    written.write_text("# 設計\n")
    empty.write_text("")
    choose(person, written, empty)
    expect(beside(person)).to_have_count(2)
    message = person.field("create.message")
    message.focus()
    person.page.evaluate(_GIVE, ["paste", "image.png", "image/png", list(_PNG)])
    expect(beside(person)).to_have_count(3)
    person.button("create.submit").click()
    expect(message).to_have_accessible_description(
        re.compile(re.escape(person.words("create.filesUnsettled")))
    )
    person.page.get_by_role("button", name=person.words("chat.files.remove", name="empty.md")).click()
    person.button("create.submit").click()
    expect(message).to_have_accessible_description(
        re.compile(re.escape(person.words("create.filesNeedMessage")))
    )
    assert backstage.get("/sessions")["sessions"] == []
    message.fill("attached")
    person.button("create.submit").click()
    expect(person.page).to_have_url(re.compile("/sessions/session-"))
    for content in (written.read_bytes(), _PNG):
        person.sees(digest(content))
    expect(person.conversation.get_by_role("link", name=re.compile("design.md"))).to_be_visible()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_file_that_cannot_go_says_so_in_its_place_and_holds_nothing_else_up(
    enter: Enter, backstage: Backstage, tmp_path: Path, language: Language
) -> None:
    made = backstage.session(name="too much")
    person = enter(language=language)
    person.open_session(made)
    large, empty, small = tmp_path / "large.bin", tmp_path / "empty.txt", tmp_path / "small.txt"
    large.write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    empty.write_bytes(b"")
    small.write_text("ok")
    choose(person, large, empty, small)
    expect(beside(person).filter(has_text="large.bin")).to_contain_text(person.words("chat.files.tooLarge"))
    expect(beside(person).filter(has_text="empty.txt")).to_contain_text(person.words("chat.files.empty"))
    person.composer.fill("attached")
    expect(person.button("chat.send")).to_be_disabled()
    for name in ("large.bin", "empty.txt"):
        person.page.get_by_role("button", name=person.words("chat.files.remove", name=name)).click()
    person.button("chat.send").click()
    person.sees(digest(b"ok"))


def test_no_more_than_ten_files_go_with_a_message(enter: Enter, backstage: Backstage, tmp_path: Path) -> None:
    made = backstage.session(name="many")
    person = enter(language="en")
    person.open_session(made)
    files = [tmp_path / f"{number}.txt" for number in range(11)]
    for file in files:
        file.write_text(file.name)
    choose(person, *files)
    expect(beside(person)).to_have_count(11)
    expect(beside(person).filter(has_text=person.words("chat.files.tooMany"))).to_have_count(1)


@pytest.mark.parametrize(("form", "language"), [("Markdown", "ja"), ("JSON", "en")])
def test_the_conversation_becomes_a_file(
    enter: Enter, backstage: Backstage, form: str, language: Language
) -> None:
    made = backstage.session(name="to keep")
    backstage.say(made, "echo 残しておきたい言葉")
    backstage.until(made, lambda session: session["agent_state"] == "ready")
    person = enter(language=language)
    person.open_session(made)
    person.sees("残しておきたい言葉")
    person.button("chat.export").click()
    with person.page.expect_download() as download:
        person.page.get_by_role("menuitem", name=form, exact=True).click()
    content = download.value.path().read_text()
    assert "残しておきたい言葉" in content
    if form == "JSON":
        assert json.loads(content)["session"]["session_id"] == made


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_the_agent_changed_is_seen_as_lines_that_went_and_came(
    enter: Enter, backstage: Backstage, tmp_path: Path, language: Language
) -> None:
    made = backstage.session(
        name="changed", repository=repository(tmp_path), config={"permission_policy": "allow_all"}
    )
    hostile = "<img src=x onerror=alert(1)>.txt"
    backstage.say(made, f"run printf 'new\\n' >> README.md; printf x > '{hostile}'")
    backstage.until(made, lambda session: session["agent_state"] == "ready", 60)
    person = enter(language=language, path=f"/sessions/{made}?tab=changes")
    files = person.page.get_by_role("list", name=person.words("session.tab.changes"))
    expect(files).to_contain_text("README.md")
    expect(files).to_contain_text(hostile)
    person.page.get_by_role("button", name=re.compile("README.md")).click()
    expect(files).to_contain_text("new")
    expect(files.locator("img")).to_have_count(0)
