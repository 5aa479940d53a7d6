"""Whole systems for chaos: one that is shared as long as it is sound, and fresh ones for what needs its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.support.programs import find_binary
from tests.support.scene import Scene, scene
from tests.support.system import System

StartSystem = Callable[..., System]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep whether a test failed, for the fixture that decides whether its system can be used again."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


_FAILED = pytest.StashKey[bool]()


class _Shared:
    """The system that most scenarios share; a failed one is replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self.system: System | None = None

    def sound(self) -> System:
        if self.system is None or not self.system.running:
            self.drop()
            self._count += 1
            self.system = System(self._folder / f"data{self._count}")
            self.system.start()
        return self.system

    def drop(self) -> None:
        if self.system is not None:
            self.system.crash_if_running()
            self.system = None


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Shared]:
    for program in ("nats-server", "mongod"):
        if find_binary(program) is None:
            pytest.skip(f"{program} is not installed here")
    shared = _Shared(tmp_path_factory.mktemp("chaos"))
    yield shared
    if shared.system is not None and shared.system.running:
        code = shared.system.stop()
        shared.system.all_gone()
        assert code == 0
    shared.drop()


@pytest.fixture
def system(_shared: _Shared, request: pytest.FixtureRequest) -> Iterator[System]:
    """A running system that others have used and will use."""
    system = _shared.sound()
    system.journal.clear()
    system.note(request.node.name)
    yield system
    _tell(system)
    if request.node.stash.get(_FAILED, False):
        _shared.drop()


@pytest.fixture
def start_system(tmp_path: Path) -> Iterator[StartSystem]:
    """Start a system of this test's own; `stopped` has to be empty at its end."""
    started: list[System] = []

    def start(**environment: str) -> System:
        system = System(tmp_path / f"data{len(started)}", environment)
        started.append(system)
        system.start()
        return system

    yield start
    for system in started:
        _tell(system)
        try:
            if system.running:
                system.stop()
                system.all_gone()
        finally:
            system.crash_if_running()


@pytest.fixture
async def stage(system: System) -> AsyncIterator[Scene]:
    """A scene on the shared system."""
    async with scene(system) as opened:
        yield opened


def _tell(system: System) -> None:
    print("\n".join([*system.journal, *system.complaints()]))  # shown where the test failed
