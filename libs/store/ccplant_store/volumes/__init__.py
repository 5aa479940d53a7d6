"""Volumes: who has one, who had it last, and whether it is to go."""
