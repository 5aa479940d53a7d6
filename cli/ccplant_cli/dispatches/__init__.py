"""`ccplant dispatch …`: what webhooks and schedules set off and no session has yet."""
