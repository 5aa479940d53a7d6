"""Agents besides the built-in demo: which there are, how they are installed, whose credentials they use."""
