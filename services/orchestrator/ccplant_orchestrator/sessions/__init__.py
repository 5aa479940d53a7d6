"""What becomes of sessions: the decision, the end's reason, and the function that closes the difference."""
