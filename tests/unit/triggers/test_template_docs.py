"""What the page on filters and templates says is so: its examples are rendered, its lists are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ccplant_contracts.trigger import Template
from ccplant_contracts.webhook import CreateWebhook
from ccplant_triggers import bounds, default_messages, payloads, syntax, templates, verdict
from ccplant_triggers.examples import EXAMPLES
from ccplant_triggers.output import MAX_BYTES
from ccplant_triggers.template_filters import FILTERS, TESTS

DOCS = Path(__file__).parents[3] / "docs"
PAGES = ["templates.md", "templates.ja.md"]
NONCE = "0123456789abcdef"
SHOWN = re.compile(r"^```jinja ?([a-z_ ]*)\n(.*?)^```\n\n```text\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _page(name: str) -> str:
    return (DOCS / name).read_text()


def _said(kind: str, event: str, source: str) -> str:
    definition = {"message": source, "condition": None}
    if kind == "condition":
        definition = {"condition": source}
    elif kind == "key":
        definition = {"reuse_key": source}
    elif kind == "default":
        definition = {}
    webhook = CreateWebhook.model_validate(
        {"name": "w", "events": (event,), "reuse_session": kind == "key", **definition}
    )
    verdict.check_definition(webhook)
    result = verdict.judge(webhook, event, EXAMPLES[event], nonce=NONCE)
    if kind == "condition":
        asked = next(one for one in result.filters if one.filter == "condition")
        return "true" if asked.passed else "false"
    return (result.reuse_key if kind == "key" else result.message) or ""


@pytest.mark.parametrize("page", PAGES)
def test_each_example_gives_what_stands_below_it(page: str) -> None:
    examples = SHOWN.findall(_page(page))
    assert len(examples) == _page(page).count("```jinja")
    assert {info.split()[0] for info, _, _ in examples} >= {"pull_request", "condition", "key", "default"}
    for info, source, text in examples:
        kind, _, event = info.rpartition(" ")
        assert _said(kind, event, source.rstrip("\n")) == text.rstrip("\n"), info


@pytest.mark.parametrize("page", PAGES)
def test_the_page_lists_each_filter_test_and_fact(page: str) -> None:
    lines = _page(page).splitlines()
    marks = {
        "templates.md": ("- Filters: ", "- Tests: "),
        "templates.ja.md": ("- フィルター: ", "- テスト: "),
    }
    for mark, known in zip(marks[page], (FILTERS, TESTS), strict=True):
        start = next(number for number, line in enumerate(lines) if line.startswith(mark))
        end = next(number for number in range(start + 1, len(lines)) if not lines[number].startswith("  "))
        shown = re.findall(r"`(?:is )?([a-z]+)[^`]*`", "\n".join(lines[start:end]))
        assert sorted(shown) == sorted(known), mark
    row = next(line for line in lines if line.startswith("| `facts`"))
    assert set(re.findall(r"`([a-z_]+)`", row)) == {"facts", *payloads.facts("push", {}).scope()}


@pytest.mark.parametrize("page", PAGES)
def test_the_page_has_each_event_with_a_branch_and_each_with_a_message_of_its_own(page: str) -> None:
    text = _page(page)
    rows = "\n".join(line for line in text.splitlines() if line.startswith("| `"))
    for event, shape in payloads.SHAPES.items():
        assert (shape.branch is None) or f"`{event}`" in rows, event
    last = text[text.rindex("\n## ") :]
    reviews = {"pull_request_review", "pull_request_review_comment"}
    for event in set(default_messages.MESSAGES) - reviews:
        assert f"`{event}`" in last, event


@pytest.mark.parametrize("page", PAGES)
def test_the_bounds_on_the_page_are_those_of_the_code(page: str) -> None:
    text = _page(page)
    figures = (bounds.MAX_ITEMS, bounds.MAX_STEPS, syntax.MAX_NODES, payloads.MAX_PATHS)
    for figure in (*(f"{figure:,}" for figure in figures), str(verdict.MAX_KEY), "64 kB", "16,384"):
        assert figure in text, figure
    assert MAX_BYTES == 64 * 1_024
    assert syntax.MAX_LOOPS == 2
    assert "16384" in str(Template)


@pytest.mark.parametrize(
    "tag",
    [
        "set x = 1",
        "macro m()",
        "include 'x'",
        "import 'x' as x",
        "block b",
        "with",
        "filter upper",
        "call x()",
    ],
)
def test_what_the_page_says_there_is_not_there_is_not(tag: str) -> None:
    for page in PAGES:
        assert f"`{tag.split(maxsplit=1)[0]}`" in _page(page)
    end = (
        "" if tag.split(maxsplit=1)[0] in ("include", "import") else f"{{% end{tag.split(maxsplit=1)[0]} %}}"
    )
    with pytest.raises(templates.TemplateError):
        templates.check(f"{{% {tag} %}}{end if tag != 'set x = 1' else ''}", kind="message")
