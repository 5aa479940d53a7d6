"""The way to the API server is the environment's, asked once."""

from __future__ import annotations

import pytest

from ccplant_orchestrator.runtimes.kubernetes.connection import proxy_of_environment


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_proxy_the_server_is_reached_directly() -> None:
    assert proxy_of_environment("https://10.0.0.1:6443") is None


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert proxy_of_environment("https://cluster.example:6443") == "http://proxy.example:3128"


def test_what_the_environment_excepts_is_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "cluster.example")
    assert proxy_of_environment("https://cluster.example:6443") is None
