"""Volumes: which there are, who may mount one, and their removal."""
