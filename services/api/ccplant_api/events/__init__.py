"""Lifecycle events of an owner's sessions, as a stream."""
