"""The environment of everything that the session brings: made from nothing, never the runner's own.

The runner's environment may hold what is none of the agent's business; what the agent gets is what its owner gave.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED_ON = ("PATH", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "CCPLANT_LAUNCH_ID", "CCPLANT_DATA_ID")
"""The last two mark every process of a launch, so that one that escaped is found."""


def agent_environment(
    home: Path, given: Mapping[str, str], own: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the whole environment for set-up and agent."""
    passed = {name: own[name] for name in _PASSED_ON if name in own}
    basic = {"PATH": _DEFAULT_PATH, "LANG": "C.UTF-8", "SHELL": "/bin/bash", "TERM": "dumb", "USER": "agent"}
    return {**basic, **passed, "HOME": str(home), **given}
