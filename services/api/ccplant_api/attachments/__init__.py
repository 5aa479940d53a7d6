"""Files that people give to messages."""
