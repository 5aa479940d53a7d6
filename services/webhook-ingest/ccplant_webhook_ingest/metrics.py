"""The ingester's own numbers for Prometheus; labels are closed sets, never ids."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "ccplant_ingest_requests_total", "Deliveries that arrived, by what was answered.", ("result",)
)
"""`result`: accepted, repeat, ping, unknown (404), unsigned (401), invalid (400), too_large (413), too_slow (408),
no_room (503), no_store (503), gone."""
ANSWER_SECONDS = Histogram(
    "ccplant_ingest_answer_seconds", "From the head of a request to its answer.",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
OUTCOMES = Counter("ccplant_ingest_outcomes_total", "What became of deliveries.", ("outcome",))
"""`outcome`: handed, ignored, failed, again (a try that failed and is repeated)."""
PROCESS_SECONDS = Histogram(
    "ccplant_ingest_process_seconds", "From the receipt of a delivery to its outcome.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)  # fmt: skip
WAITING = Gauge("ccplant_ingest_waiting", "Deliveries in memory that wait to be processed.")
COMMANDS_LOST = Counter(
    "ccplant_ingest_commands_lost_total", "Commands that the bus did not take; the resync makes up for them."
)
