"""Deliveries: what was sent to webhooks, and what became of it."""
