"""`ccplant bus`: what a NATS of one's own has to know of ccplant."""
