"""The gateway: REST, WebSocket, SSE and sign-in over the store and the bus."""

__version__ = "0.1.0"
