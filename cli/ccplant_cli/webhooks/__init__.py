"""`ccplant webhook …`: what GitHub sends, and what becomes of it."""
