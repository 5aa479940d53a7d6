"""The `ccplant` command: sessions from the terminal, and `ccplant up`."""
