"""Dispatches: what triggers want said finds its session, or gets a new one."""
