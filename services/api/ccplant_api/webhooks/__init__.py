"""Webhooks: what GitHub may set off, and what became of what it sent."""
