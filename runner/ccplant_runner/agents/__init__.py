"""Agents: the seam (`driver`), the table of those that are known (`table`), and a driver for each way to talk to one."""
