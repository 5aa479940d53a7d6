"""The ccplant webhook ingester: verifies, records, filters and dispatches deliveries."""
