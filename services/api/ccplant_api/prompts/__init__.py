"""Prompts, and the conversation that they lead to."""
