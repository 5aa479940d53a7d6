"""Places: how many sessions an owner may have at once."""
