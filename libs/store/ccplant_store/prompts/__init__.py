"""Prompts: numbered, delivered one at a time, each with exactly one end."""
