"""`ccplant doctor`: what the installation stands on, what is wrong with it, and what to do."""
