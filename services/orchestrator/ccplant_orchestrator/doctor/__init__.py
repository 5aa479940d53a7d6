"""Looks at everything that an installation stands on, and says what is wrong: `python -m ccplant_orchestrator.doctor`."""
