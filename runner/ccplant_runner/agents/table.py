"""The agents that are known. Another one that speaks ACP is one more entry in ``acp/table.py``."""

from __future__ import annotations

from ccplant_runner.agents.driver import AgentDriver, AgentListener, AgentSetting, AgentStartError


def new_driver(agent: str, setting: AgentSetting, listener: AgentListener) -> AgentDriver:
    """Return a driver for a new process of this agent.

    Raises:
        AgentStartError: there is no such agent.
    """
    if agent == "demo":
        from ccplant_runner.agents.demo.driver import DemoDriver

        return DemoDriver(setting, listener)
    # imported late: the protocol's library takes half a second, which the demo agent does not need
    from ccplant_runner.agents.acp.table import ACP_AGENTS

    if agent in ACP_AGENTS:
        from ccplant_runner.agents.acp.driver import AcpDriver

        return AcpDriver(ACP_AGENTS[agent], setting, listener)
    raise AgentStartError(f'there is no agent "{agent}"; known are: {", ".join(["demo", *ACP_AGENTS])}')
