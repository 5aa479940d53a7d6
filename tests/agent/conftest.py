"""The real Claude Code, installed once by the product's own installer into a cache; else a skip says why."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccplant_cli.agents.install import install
from ccplant_cli.agents.messages import AgentError
from ccplant_cli.agents.packages import CLAUDE_CODE
from tests.support.messages_api import MessagesApi, messages_api

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ccplant-tests" / "agents"


@pytest.fixture(scope="session")
def agent_dir() -> Path:
    """The directory with the installed agent."""
    try:
        install(CLAUDE_CODE, _CACHE, with_node=True, say=lambda *_arguments, **_values: None)
    except AgentError as error:
        pytest.skip(f"Claude Code cannot be installed here: {error}")
    return _CACHE


@pytest.fixture
async def model() -> AsyncIterator[MessagesApi]:
    """The stub of the model's API."""
    async with messages_api() as api:
        yield api
