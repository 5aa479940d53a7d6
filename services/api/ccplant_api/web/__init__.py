"""The web UI, as the gateway serves it."""
