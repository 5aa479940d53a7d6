"""The first minute of a newcomer: what is missing is named in one sentence, and nothing is done twice."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = ("cat", "cksum", "dirname", "flock", "git", "grep", "rm", "sh", "uname", "env")


class Checkout:
    """A copy of what the installation reads, and a PATH on which only the named commands are."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self.commands = folder / "bin"
        self.commands.mkdir(parents=True)
        for path in ("scripts/install.sh", "requirements/runtime.lock", "requirements/dev.lock"):
            self._copy(path)
        for project in ROOT.glob("*/**/pyproject.toml"):
            if ".venv" not in project.parts:
                self._copy(str(project.relative_to(ROOT)))
        for name in COMMANDS:
            found = shutil.which(name)
            if found:
                (self.commands / name).symlink_to(found)

    def _copy(self, path: str) -> None:
        (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, self.tree / path)

    def write(self, name: str, script: str) -> None:
        path = self.commands / name
        path.unlink(missing_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def install(self, kind: str = "runtime") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.commands / "sh"), "scripts/install.sh", kind],
            cwd=self.tree,
            env={"PATH": str(self.commands)},
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def sentence(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert result.stdout == ""
    return result.stderr.splitlines()[-1]


def test_a_missing_python_is_named(checkout: Checkout) -> None:
    assert "Python 3.11 or newer is missing" in sentence(checkout.install())


def test_an_old_python_is_not_taken(checkout: Checkout) -> None:
    checkout.write("python3", '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.10" && exit 0\nexit 1\n')
    assert "(found: Python 3.8.10)" in sentence(checkout.install())


def test_a_python_without_ensurepip_is_named(checkout: Checkout) -> None:
    without = 'case "$*" in *ensurepip*) exit 1 ;; esac\n'
    checkout.write("python3", f'#!/bin/sh\n{without}exec "{sys.executable}" "$@"\n')
    assert "python3-venv" in sentence(checkout.install())


def test_a_missing_git_is_named(checkout: Checkout) -> None:
    (checkout.commands / "git").unlink()
    assert sentence(checkout.install()).startswith("ccplant: git is missing")


def fake_environment(checkout: Checkout, *, pip: str = "exit 0") -> Path:
    """A Python whose pip writes down what it is asked for."""
    calls = checkout.tree / "calls"
    checkout.write("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python = checkout.tree / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\n[ "$3" = install ] || exit 0\necho "$@" >>"{calls}"\n{pip}\n')
    python.chmod(0o755)
    return calls


def test_a_second_run_has_nothing_to_do(checkout: Checkout) -> None:
    calls = fake_environment(checkout)
    assert checkout.install().returncode == 0
    first = calls.read_text()
    assert "--require-hashes -r requirements/runtime.lock" in first
    again = checkout.install()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert calls.read_text() == first


@pytest.mark.parametrize("path", ["requirements/runtime.lock", "runner/pyproject.toml"])
def test_a_change_of_what_is_needed_installs_again(checkout: Checkout, path: str) -> None:
    calls = fake_environment(checkout)
    checkout.install()
    first = calls.read_text()
    with (checkout.tree / path).open("a") as file:
        file.write("\n# changed\n")
    checkout.install()
    assert len(calls.read_text()) == 2 * len(first)


def test_what_is_installed_for_tests_is_enough_to_run(checkout: Checkout) -> None:
    calls = fake_environment(checkout)
    assert checkout.install("dev").returncode == 0
    first = calls.read_text()
    assert checkout.install("runtime").returncode == 0
    assert calls.read_text() == first


def test_an_interrupted_installation_begins_again(checkout: Checkout) -> None:
    calls = fake_environment(checkout, pip="exit 1")
    assert "could not be installed" in sentence(checkout.install())
    first = calls.read_text()
    checkout.install()
    assert calls.read_text() == first * 2
