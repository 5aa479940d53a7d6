"""The places that the shared tests of runtimes run at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.local_place import LocalPlace
from tests.contract.node_place import NodePlace, standin_image
from tests.contract.runtime_place import Place
from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.images import Image
from tests.kubernetes.cluster.node import Node

_VOLUMES = 3


@pytest.fixture(scope="session")
def _standin_image(_node_machine: Node) -> Image:
    return standin_image(_node_machine)


@pytest.fixture
def node_place(
    node: Node,
    _standin_image: Image,
    cluster_api: ClusterApi,
    cluster_namespace: str,
    manual_storage_class: str,
) -> NodePlace:
    """A namespace of a real node, with storage for a few volumes."""
    for _ in range(_VOLUMES):
        node.add_volume(cluster_api, manual_storage_class)
    return NodePlace(node, cluster_api, cluster_namespace, _standin_image, manual_storage_class)


@pytest.fixture(
    params=["local", pytest.param("kubernetes", marks=[pytest.mark.node, pytest.mark.timeout(240)])]
)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A place of each kind, empty at first, and empty again behind the test."""
    local = request.param == "local"
    made: Place = LocalPlace(tmp_path / "data") if local else request.getfixturevalue("node_place")
    yield made
    await made.close()
