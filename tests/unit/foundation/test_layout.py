"""What holds for every package, wherever it is: found by all tools, typed, under the same rules."""

import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROJECTS = sorted(path.parent for path in ROOT.glob("*/**/pyproject.toml") if ".venv" not in path.parts)
INDEX_OR_PATH = re.compile(r"https?://|file:|(^|\s)--(?!hash=)|(^|\s)/\w", re.MULTILINE)


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


def package(project: Path) -> Path:
    return project / str(read(project / "pyproject.toml")["project"]["name"]).replace("-", "_")


def label(project: Path) -> str:
    return str(project.relative_to(ROOT))


@pytest.mark.parametrize("project", PROJECTS, ids=label)
def test_a_package_is_flat_typed_and_says_what_it_is(project: Path) -> None:
    folder = package(project)
    assert (folder / "py.typed").is_file()
    assert (folder / "__init__.py").read_text().startswith('"""')
    packages = {path.parent for path in project.glob("*/__init__.py")}
    assert packages == {folder}


@pytest.mark.parametrize("project", PROJECTS, ids=label)
def test_every_tool_knows_every_package(project: Path) -> None:
    name, folder = package(project).name, label(project)
    root = read(ROOT / "pyproject.toml")["tool"]
    assert name in root["importlinter"]["root_packages"]
    assert name in root["ruff"]["lint"]["isort"]["known-first-party"]
    assert f"$MYPY_CONFIG_FILE_DIR/{folder}" in root["mypy"]["mypy_path"]
    assert folder in (ROOT / "scripts/install.sh").read_text().split('packages="')[1].split('"')[0].split()
    assert f'"{folder}"' in (ROOT / "scripts/lock.py").read_text()


def test_all_packages_have_one_version() -> None:
    assert PROJECTS
    versions = {read(project / "pyproject.toml")["project"]["version"] for project in PROJECTS}
    assert len(versions) == 1
    wanted = re.compile(r"ccplant-[a-z-]+(\[[a-z,]+\])?==(?P<version>\S+)")
    for project in PROJECTS:
        table = read(project / "pyproject.toml")["project"]
        extras = table.get("optional-dependencies", {}).values()
        for requirement in chain(table["dependencies"], *extras):
            if requirement.startswith("ccplant-"):
                match = wanted.fullmatch(requirement)
                assert match, requirement
                assert {match["version"]} == versions


@pytest.mark.parametrize("project", PROJECTS, ids=label)
def test_a_package_declares_each_of_ours_that_it_imports(project: Path) -> None:
    table = read(project / "pyproject.toml")["project"]
    declared = {
        re.split(r"[\[=]", requirement)[0].replace("-", "_")
        for requirement in table["dependencies"]
        if requirement.startswith("ccplant-")
    }
    source = "\n".join(path.read_text() for path in package(project).rglob("*.py"))
    imported = set(re.findall(r"^\s*(?:from|import) (ccplant_\w+)", source, re.MULTILINE))
    assert imported - {package(project).name} <= declared


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.lock")), ids=lambda path: path.name)
def test_a_lock_checks_every_package_and_names_no_place(lock: Path) -> None:
    text = lock.read_text()
    assert not INDEX_OR_PATH.search(text)
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    assert len(blocks) >= 1
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_what_tests_run_is_what_the_product_runs() -> None:
    def pins(name: str) -> set[str]:
        return set(
            re.findall(r"^[a-z0-9][^\s=]*==\S+", (ROOT / "requirements" / name).read_text(), re.MULTILINE)
        )

    assert pins("runtime.lock") <= pins("dev.lock")


def test_the_runner_starts_without_the_heavy_libraries() -> None:
    heavy = "{'faststream', 'motor', 'pymongo', 'fastapi'}"
    code = f"import ccplant_platform, ccplant_runner, sys; print(*sorted({heavy} & sys.modules.keys()))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert loaded.stdout.split() == []


def test_every_verb_of_the_makefile_is_explained() -> None:
    text = (ROOT / "Makefile").read_text()
    verbs = set(re.findall(r"^\.PHONY: (\S+)$", text, re.MULTILINE))
    explained = set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE))
    assert verbs == explained
    assert {"up", "test", "test-chaos", "test-agent", "help"} <= verbs
