"""The runner: clones, drives the agent, logs and publishes what it says."""

__version__ = "0.1.0"
