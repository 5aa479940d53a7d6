"""The demo agent: no model behind it; for a first run and for tests (see ``agent.py``, which is its program)."""
