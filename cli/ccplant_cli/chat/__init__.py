"""Talking to a session from a terminal."""
