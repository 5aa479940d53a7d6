"""What the agent changed in a session's workspace."""
