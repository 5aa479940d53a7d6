"""The runner: clones, drives the agent, logs and publishes what it says."""
