"""The real agents, installed once by the product's own installer into a cache; else a skip says why."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ccplant_cli.agents.install import install
from ccplant_cli.agents.messages import AgentError
from ccplant_cli.agents.packages import PACKAGES
from tests.support.messages_api import MessagesApi, messages_api

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ccplant-tests" / "agents"


def _installed(name: str) -> Path:
    try:
        install(PACKAGES[name], _CACHE, with_node=True, say=lambda *_arguments, **_values: None)
    except AgentError as error:
        pytest.skip(f"{name} cannot be installed here: {error}")
    return _CACHE


@pytest.fixture(scope="session")
def agent_dir() -> Path:
    """The directory with Claude Code."""
    return _installed("claude-code")


@pytest.fixture(scope="session")
def installed() -> Callable[[str], Path]:
    """Return the directory with an agent."""
    return _installed


@pytest.fixture
async def model() -> AsyncIterator[MessagesApi]:
    """The stub of the model's API."""
    async with messages_api() as api:
        yield api
