"""Lifecycle events on their way from the outbox to the bus."""
