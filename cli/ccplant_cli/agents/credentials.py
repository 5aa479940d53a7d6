"""Whose account an agent uses: taken from the environment of `ccplant up`, handed over in one private file.

Services and the other agents never see them; an agent gets its own and the proxy settings of this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ccplant_cli.agents.installed import installed_agents
from ccplant_cli.agents.packages import CLAUDE_CODE, DEMO, PACKAGES
from ccplant_cli.up.errors import UpError

CREDENTIAL_VARIABLES = frozenset(name for package in PACKAGES.values() for name in package.credentials)
"""Kept from every process but the agent's."""
_NETWORK = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE",
)  # fmt: skip


def sign_in_file(environment: Mapping[str, str]) -> Path:
    """Where Claude's own sign-in is kept."""
    own = environment.get("CLAUDE_CONFIG_DIR")
    home = Path(environment.get("HOME") or "~").expanduser()
    return (Path(own) if own else home / ".claude") / ".credentials.json"


def agent_environment(agent: str, environment: Mapping[str, str], *, in_pods: bool = False) -> dict[str, str]:
    """Return what an agent gets of the environment of `ccplant up`.

    Claude's own sign-in is used in its place, not copied: it is renewed by whoever uses it, and a renewed copy
    would sign the original out. So it is of no use to an agent in a Pod, which cannot reach that place.
    """
    package = PACKAGES.get(agent)
    if package is None:
        return {}
    names = (*package.credentials, *package.settings, *_NETWORK)
    given = {name: environment[name] for name in names if environment.get(name)}
    if in_pods or package is not CLAUDE_CODE:
        return given
    signed_in = sign_in_file(environment)
    if not any(name in given for name in package.credentials) and signed_in.is_file():
        given["CLAUDE_CONFIG_DIR"] = str(signed_in.parent)
    return given


def require_ready(agent: str, data_dir: Path, *, explicit_dir: bool, environment: Mapping[str, str]) -> None:
    """Raise the sentence that says what is missing before this agent can answer."""
    if agent == DEMO:
        return
    if agent not in PACKAGES:
        raise UpError("agent_unknown", agent=agent, known=", ".join((DEMO, *PACKAGES)))
    if agent not in installed_agents(data_dir / "agents"):
        option = f" --data-dir {data_dir}" if explicit_dir else ""
        raise UpError("agent_not_installed", agent=agent, data_dir_option=option)
    require_credentials(agent, environment, in_pods=False)


def require_credentials(agent: str, environment: Mapping[str, str], *, in_pods: bool = True) -> None:
    """Raise the sentence that says which account is missing for this agent."""
    if agent == DEMO:
        return
    package = PACKAGES.get(agent)
    if package is None:
        raise UpError("agent_unknown", agent=agent, known=", ".join((DEMO, *PACKAGES)))
    given = agent_environment(agent, environment, in_pods=in_pods)
    if any(name in given for name in (*package.credentials, "CLAUDE_CONFIG_DIR")):
        return
    if package is CLAUDE_CODE:
        raise UpError("agent_no_credentials", path=sign_in_file(environment))
    raise UpError("agent_no_key", agent=agent, names=", ".join(package.credentials))
