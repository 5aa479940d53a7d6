"""Sessions as process trees on this machine, each under a small supervisor."""
