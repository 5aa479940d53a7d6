"""Permission requests: server state, answered exactly once (C5)."""
