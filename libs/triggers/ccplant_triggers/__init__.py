"""What webhooks and schedules decide: filters, templates and fire times; pure."""
