"""The conversation of a session as one file."""
