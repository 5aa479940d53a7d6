"""Schedules: what runs when, what ran, and what will."""
