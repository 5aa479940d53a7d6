"""Lifecycle events: outbox, timeline and source for replay."""
