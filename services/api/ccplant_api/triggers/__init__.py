"""What webhooks and schedules share at the gateway: their definitions, and how many of them one owner may have."""
