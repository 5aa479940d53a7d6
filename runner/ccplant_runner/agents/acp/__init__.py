"""Agents that speak the Agent Client Protocol: one driver, and a table with what each of them needs."""
