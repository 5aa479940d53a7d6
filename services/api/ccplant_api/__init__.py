"""The gateway: REST, WebSocket, SSE and sign-in over the store and the bus."""
