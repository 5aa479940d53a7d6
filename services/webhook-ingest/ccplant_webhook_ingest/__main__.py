"""``python -m ccplant_webhook_ingest``: one ingester, until SIGTERM."""

from __future__ import annotations

from ccplant_webhook_ingest.service import main

main()
