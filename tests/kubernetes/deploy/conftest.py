"""The installation's manifests, applied once to the cluster of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.cluster.client import ClusterApi
from tests.kubernetes.cluster.control_plane import ControlPlane
from tests.kubernetes.cluster.namespaces import remove_namespace
from tests.kubernetes.deploy.manifests import CONTROL, SESSIONS, kubectl, objects, rendered
from tests.support.programs import NotAvailableError


@pytest.fixture(scope="session")
def manifests_text(tmp_path_factory: pytest.TempPathFactory) -> str:
    try:
        return rendered(tmp_path_factory.mktemp("manifests"))
    except NotAvailableError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def manifests(manifests_text: str) -> list[dict[str, Any]]:
    return objects(manifests_text)


@pytest.fixture(scope="session")
def _applied(
    _control_plane_process: ControlPlane, _cluster_api_session: ClusterApi, manifests_text: str
) -> Iterator[None]:
    kubeconfig = f"--kubeconfig={_control_plane_process.kubeconfig}"
    for _ in range(2):  # a second time changes nothing and is refused nothing
        kubectl(kubeconfig, "apply", "--server-side", "--validate=strict", "-f", "-", stdin=manifests_text)
    yield
    _control_plane_process.reset()  # the last test may have killed its API server
    for name in (CONTROL, SESSIONS):
        remove_namespace(_cluster_api_session, name)


@pytest.fixture
def applied(_applied: None, cluster_api: ClusterApi) -> ClusterApi:
    """The cluster with ccplant installed in it."""
    return cluster_api


@pytest.fixture
def orchestrators_kubeconfig(_applied: None, control_plane: ControlPlane) -> Path:
    """Access with the rights of the orchestrator's service account."""
    return control_plane.kubeconfig_for(CONTROL, "ccplant-orchestrator")
