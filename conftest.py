"""How the suites share a machine, and a cluster.

Unit and integration tests run on several workers. Tests that start whole systems and kill parts of them go one after
another on a single worker: two such systems at once would measure each other's load, not the product.
"""

import pytest

ONE_AT_A_TIME = ("chaos", "agent", "browser", "kubernetes", "node", "compose")

# one control plane for every suite that asks for it: a conftest of each would start its own
pytest_plugins = ("tests.kubernetes.cluster.fixtures",)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.get_closest_marker(name) for name in ONE_AT_A_TIME):
            item.add_marker(pytest.mark.xdist_group("whole-systems"))
