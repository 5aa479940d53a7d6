"""`ccplant up`: the whole system on one machine, with a real NATS and a real MongoDB, under one process."""
