"""Writes the pages that are made from the code; checks these, where links lead, and that translations keep step.

    python scripts/docs.py write
    python scripts/docs.py check

`[tool.ccplant.docs]` in pyproject.toml names, per file, the function `module:name` that returns its text. A page made
from the code cannot say something else than the code does.
"""

import importlib
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
TRANSLATIONS = {
    "README.md": "README.ja.md",
    "docs/webhooks.md": "docs/webhooks.ja.md",
    "docs/schedules.md": "docs/schedules.ja.md",
    "docs/templates.md": "docs/templates.ja.md",
}
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)


def generated() -> dict[Path, str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, str] = tomllib.load(file).get("tool", {}).get("ccplant", {}).get("docs", {})
    pages: dict[Path, str] = {}
    for path, target in table.items():
        module, _, name = target.partition(":")
        text: str = getattr(importlib.import_module(module), name)()
        pages[ROOT / path] = text if text.endswith("\n") else text + "\n"
    return pages


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        number = 1
        anchor = slug
        while anchor in found:
            anchor = f"{slug}-{number}"
            number += 1
        found.add(anchor)
    return found


def pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def broken_links(page: Path) -> list[str]:
    text = CODE.sub("", FENCE.sub("", page.read_text()))
    problems: list[str] = []
    for match in LINK.finditer(text):
        target = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        goal = (page.parent / file).resolve() if file else page
        if not goal.exists():
            problems.append(f"{page.relative_to(ROOT)}: {target} does not exist")
        elif anchor and goal.suffix == ".md" and anchor not in anchors(goal.read_text()):
            problems.append(f"{page.relative_to(ROOT)}: {target} names no heading")
    return problems


def out_of_step(page: Path, translation: Path) -> list[str]:
    """What a translation lacks or has beyond its page: headings, what is typed and printed, where links lead."""
    name = translation.name
    if not translation.exists():
        return [f"{name} is missing"]
    one, other = page.read_text(), translation.read_text()
    problems: list[str] = []
    if _levels(one) != _levels(other):
        problems.append(f"{name} has other headings than {page.name}: {_levels(other)} beside {_levels(one)}")
    blocks, theirs = FENCE.findall(one), FENCE.findall(other)
    if len(blocks) != len(theirs):
        problems.append(f"{name} has {len(theirs)} blocks of code, {page.name} has {len(blocks)}")
    problems += [
        f"{name} shows other code than {page.name}: {mine.splitlines()[1]!r}"
        for mine, its in zip(blocks, theirs, strict=False)
        if mine != its
    ]
    apart = _targets(one) ^ _targets(other)
    return problems + [f"{name} and {page.name} do not both lead to {target}" for target in sorted(apart)]


def _levels(text: str) -> list[int]:
    return [len(mark) for mark in re.findall(r"^(#+)\s", FENCE.sub("", text), re.MULTILINE)]


def _targets(text: str) -> set[str]:
    """Where a page leads; to a page or to its translation is the same."""
    plain = CODE.sub("", FENCE.sub("", text))
    return {(match.group(1) or match.group(2)).replace(".ja.md", ".md") for match in LINK.finditer(plain)}


def main(arguments: list[str]) -> int:
    if arguments == ["write"]:
        for path, text in generated().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
        return 0
    if arguments == ["check"]:
        problems = [
            f"{path.relative_to(ROOT)} is not what the code says now: mend it with `make docs` and commit the result"
            for path, text in generated().items()
            if not path.exists() or path.read_text() != text
        ]
        problems += [problem for page in pages() for problem in broken_links(page)]
        for original, translation in TRANSLATIONS.items():
            problems += out_of_step(ROOT / original, ROOT / translation)
        print("\n".join(problems) or "The pages are up to date and their links lead somewhere.")
        return 1 if problems else 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
