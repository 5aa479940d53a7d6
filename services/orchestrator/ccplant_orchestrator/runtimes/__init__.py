"""Where sessions run: one protocol, and an implementation of it for each kind of place."""
