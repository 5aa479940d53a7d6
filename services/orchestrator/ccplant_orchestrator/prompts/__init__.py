"""Prompts on their way to a runner."""
