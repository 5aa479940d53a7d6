"""Webhooks: what they react to, their secrets (sealed), and how often they were called."""
