"""What the scheduler counts."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

TICKS = Counter("ccplant_scheduler_ticks", "Looks at a due schedule that were written.")
LATE_SECONDS = Histogram(
    "ccplant_scheduler_late_seconds",
    "How long after it was due a tick was written.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600),
)
COMMANDS_LOST = Counter(
    "ccplant_scheduler_commands_lost",
    "News of dispatches that could not be sent; the orchestrator finds these by itself.",
)
