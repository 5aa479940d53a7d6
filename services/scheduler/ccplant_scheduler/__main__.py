"""``python -m ccplant_scheduler``: one scheduler, until SIGTERM."""

from __future__ import annotations

from ccplant_scheduler.service import main

main()
