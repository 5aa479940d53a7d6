"""The check of the pages sees what it is there to see."""

from pathlib import Path

import pytest

from scripts import docs


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    (tmp_path / "other.md").write_text("# A title, with `code`\n\n## Twice\n\n## Twice\n")
    return tmp_path / "page.md"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[a](missing.md)", "missing.md does not exist"),
        ("![a](missing.png)", "missing.png does not exist"),
        ("[a](other.md#nowhere)", "other.md#nowhere names no heading"),
        ("# Here\n[a](#there)", "#there names no heading"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(page: Path, text: str, problem: str) -> None:
    page.write_text(text)
    assert docs.broken_links(page) == [f"page.md: {problem}"]


@pytest.mark.parametrize(
    "text",
    [
        "[a](other.md)",
        "[a](other.md#a-title-with-code)",
        "[a](other.md#twice-1)",
        "# Here\n[a](#here)",
        "[a](https://example.com/x)",
        "`[a](missing.md)`",
        "```\n[a](missing.md)\n```",
    ],
)
def test_a_link_that_leads_somewhere_is_no_problem(page: Path, text: str) -> None:
    page.write_text(text)
    assert docs.broken_links(page) == []


PAGE = "# A\n\n## B\n\n```console\n$ make up\n```\n\n[here](other.md)\n"


@pytest.mark.parametrize(
    ("translation", "problem"),
    [
        (PAGE.replace("## B", "## び"), None),
        (PAGE.replace("## B", "B"), "has other headings"),
        (PAGE.replace("make up", "make down"), "shows other code"),
        (PAGE + "```\nmore\n```\n", "has 2 blocks of code"),
        (PAGE.replace("(other.md)", "(page.md)"), "do not both lead to other.md"),
    ],
)
def test_a_translation_that_is_out_of_step_is_found(
    page: Path, translation: str, problem: str | None
) -> None:
    page.write_text(PAGE)
    other = page.with_name("page.ja.md")
    assert docs.out_of_step(page, other) == ["page.ja.md is missing"]
    other.write_text(translation)
    found = docs.out_of_step(page, other)
    assert any(problem in one for one in found) if problem else found == []


def test_a_page_that_the_code_has_left_behind_fails_the_check(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "generated", lambda: {page: "new\n"})
    monkeypatch.setattr(docs, "TRANSLATIONS", {})
    page.write_text("old\n")
    assert docs.main(["check"]) == 1
    assert "make docs" in capsys.readouterr().out
    assert docs.main(["write"]) == 0
    assert docs.main(["check"]) == 0
