"""`python -m ccplant_cli`."""

from ccplant_cli.main import run

run()
