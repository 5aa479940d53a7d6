"""``python -m ccplant_orchestrator``: one replica, until SIGTERM."""

from __future__ import annotations

from ccplant_orchestrator.service import main

main()
