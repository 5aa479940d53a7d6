"""Live viewers of sessions over WebSocket and SSE: one subscription a session, fanned out to bounded queues."""
