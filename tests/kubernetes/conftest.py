"""Whole systems whose sessions are Pods of a real node: one that is shared as long as it is sound, and fresh ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.namespaces import new_namespace, remove_namespace
from tests.kubernetes.cluster.node import Node
from tests.kubernetes.ground import Ground
from tests.support.programs import find_binary
from tests.support.scene import Scene, scene
from tests.support.system import System

StartSystem = Callable[..., System]

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep whether a test failed, for the fixture that decides whether its system can be used again."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


class _Shared:
    """The system that most scenarios share; a failed one is replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self.system: System | None = None
        self.namespace = ""

    def sound(self, api: ClusterApi, make: Callable[[str], Ground]) -> tuple[System, Ground]:
        if self.system is not None and self.system.running:
            return self.system, make(self.namespace)
        self.drop(api)
        self._count += 1
        self.namespace = new_namespace(api)
        ground = make(self.namespace)
        self.system = ground.system(self._folder / f"data{self._count}")
        self.system.start()
        return self.system, ground

    def drop(self, api: ClusterApi) -> None:
        if self.system is not None:
            self.system.crash_if_running()
            self.system = None
        if self.namespace:
            remove_namespace(api, self.namespace)
            self.namespace = ""


@pytest.fixture(scope="session")
def _shared_system(
    _cluster_api_session: ClusterApi, _node_machine: Node, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Shared]:
    for program in ("nats-server", "mongod"):
        if find_binary(program) is None:
            pytest.skip(f"{program} is not installed here")
    shared = _Shared(tmp_path_factory.mktemp("pods"))
    yield shared
    _node_machine.plane.reset()  # the last test may have killed its API server
    if shared.system is not None and shared.system.running:
        assert shared.system.stop() == 0
        shared.system.all_gone()
    shared.drop(_cluster_api_session)


@pytest.fixture
def _shared_ground(
    _shared_system: _Shared,
    node: Node,
    cluster_api: ClusterApi,
    manual_storage_class: str,
    request: pytest.FixtureRequest,
) -> Iterator[tuple[System, Ground]]:
    system, ground = _shared_system.sound(
        cluster_api, lambda namespace: Ground(node, cluster_api, namespace, manual_storage_class)
    )
    system.journal.clear()
    system.note(request.node.name)
    yield system, ground
    _tell(system)
    node.plane.reset()
    if request.node.stash.get(_FAILED, False):
        _shared_system.drop(cluster_api)


@pytest.fixture
def ground(_shared_ground: tuple[System, Ground]) -> Ground:
    """The node and namespace of the shared system."""
    return _shared_ground[1]


@pytest.fixture
async def stage(_shared_ground: tuple[System, Ground]) -> AsyncIterator[Scene]:
    """A scene on the shared system."""
    async with scene(_shared_ground[0]) as opened:
        yield opened


@pytest.fixture
def own_ground(
    node: Node, cluster_api: ClusterApi, cluster_namespace: str, manual_storage_class: str
) -> Ground:
    """A namespace of this test's own on the node."""
    return Ground(node, cluster_api, cluster_namespace, manual_storage_class)


@pytest.fixture
def start_system(own_ground: Ground, tmp_path: Path) -> Iterator[StartSystem]:
    """Start a system of this test's own, with settings of its own."""
    started: list[System] = []

    def start(**environment: str) -> System:
        system = own_ground.system(tmp_path / f"data{len(started)}", environment)
        started.append(system)
        system.start()
        return system

    yield start
    for system in started:
        _tell(system)
        system.crash_if_running()


def _tell(system: System) -> None:
    print("\n".join([*system.journal, *system.complaints()]))  # shown where the test failed
