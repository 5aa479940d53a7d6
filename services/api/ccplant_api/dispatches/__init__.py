"""What waits for a session, and what became of what webhooks and schedules set off."""
