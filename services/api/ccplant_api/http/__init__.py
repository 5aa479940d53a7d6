"""What every request passes: its id, its log line, the limit of its body."""
