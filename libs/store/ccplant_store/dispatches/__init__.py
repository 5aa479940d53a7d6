"""Dispatches: what triggers want said, waiting in queues or resolved."""
