"""Jobs that one replica does at a time, each under a lease."""
