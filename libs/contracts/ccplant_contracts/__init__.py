"""All that crosses a boundary: resources, commands, events, bus subjects, errors, quantities, messages.

Pydantic models and pure functions, no I/O. What two parts must agree on is written here once, so that a
gateway, an orchestrator and a runner of different versions can never hold different opinions silently.
"""

CONTRACT_VERSION = 1
"""Version of the conversation between runner and control plane; a registration says which one it speaks."""
