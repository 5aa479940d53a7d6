"""Fixtures of clusters: one control plane per test process, shared by every suite that asks for it.

Where a program is missing, the tests that need it are skipped, and the reason says what to do.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kubernetes.cluster import host
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.kwok import Kwok
from tests.kubernetes.cluster.namespaces import new_namespace, remove_namespace
from tests.kubernetes.cluster.node import Node
from tests.kubernetes.cluster.volumes import storage_class
from tests.support.programs import NotAvailableError

FAKE_NODES = 4


@pytest.fixture(scope="session")
def _control_plane_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    try:
        plane = ControlPlane(tmp_path_factory.mktemp("control-plane"))
    except NotAvailableError as reason:
        pytest.skip(str(reason))
    try:
        plane.start()
        yield plane
    finally:
        plane.kill()


@pytest.fixture
def control_plane(_control_plane_process: ControlPlane) -> ControlPlane:
    """A running control plane; a test may kill, freeze and start its API server."""
    _control_plane_process.reset()
    return _control_plane_process


@pytest.fixture(scope="session")
def _cluster_api_session(_control_plane_process: ControlPlane) -> Iterator[ClusterApi]:
    api = _control_plane_process.api()
    yield api
    api.close()


@pytest.fixture
def cluster_api(control_plane: ControlPlane, _cluster_api_session: ClusterApi) -> ClusterApi:
    """The administrator's client, which shares nothing with the product's own."""
    return _cluster_api_session


@pytest.fixture
def cluster_namespace(control_plane: ControlPlane, cluster_api: ClusterApi) -> Iterator[str]:
    """A namespace of this test's own; everything in it is removed behind the test."""
    name = new_namespace(cluster_api)
    yield name
    control_plane.reset()
    remove_namespace(cluster_api, name)


@pytest.fixture(scope="session")
def _kwok_process(
    _control_plane_process: ControlPlane,
    _cluster_api_session: ClusterApi,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Kwok]:
    try:
        kwok = Kwok(_control_plane_process, tmp_path_factory.mktemp("kwok"))
    except NotAvailableError as reason:
        pytest.skip(str(reason))
    try:
        kwok.start()
        kwok.add_nodes(_cluster_api_session, FAKE_NODES)
        yield kwok
    finally:
        kwok.kill()


@pytest.fixture
def kwok(_kwok_process: Kwok, control_plane: ControlPlane) -> Kwok:
    """Fake nodes that run whatever tolerates them (`stages.FAKE_TOLERATION`); a test may kill and restart it."""
    if not _kwok_process.running():
        _kwok_process.start()
    return _kwok_process


@pytest.fixture(scope="session")
def _manual_class(_cluster_api_session: ClusterApi) -> str:
    _cluster_api_session.apply(storage_class("by-hand"))
    return "by-hand"


@pytest.fixture
def manual_storage_class(_manual_class: str) -> str:
    """The name of a storage class whose volumes the test makes (`volumes.volume`)."""
    return _manual_class


@pytest.fixture(scope="session")
def _node_machine(_control_plane_process: ControlPlane, _cluster_api_session: ClusterApi) -> Iterator[Node]:
    try:
        node = Node(_control_plane_process)
    except NotAvailableError as reason:
        pytest.skip(str(reason))
    try:
        node.start(_cluster_api_session)
        yield node
    finally:
        node.stop()
    assert host.left_behind(node.claim) == []


@pytest.fixture
def node(_node_machine: Node, control_plane: ControlPlane, cluster_api: ClusterApi) -> Node:
    """A real node that runs Pods; a test may stop its kubelet, or all of it."""
    _node_machine.reset(cluster_api)
    return _node_machine
