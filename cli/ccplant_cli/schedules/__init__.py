"""`ccplant schedule …`: sessions at set times."""
