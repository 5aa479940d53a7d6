"""Numbers for Prometheus that every service has; a service adds its own to the same registry.

Labels are closed sets (streams, parts, results), never ids: one series per session would grow for ever.
"""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest

MESSAGES = Counter(
    "ccplant_bus_messages_total",
    "Messages taken from a durable consumer, by what became of them.",
    ("stream", "result"),
)
"""`result`: done, retried, dead."""
MESSAGE_SECONDS = Histogram(
    "ccplant_bus_message_seconds", "How long a message took to handle.", ("stream",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)  # fmt: skip
UNREADABLE = Counter(
    "ccplant_documents_unreadable_total",
    "Documents that this version could not read, by collection; `ccplant doctor` names them.",
    ("collection",),
)


def exposition() -> tuple[bytes, str]:
    """Return all numbers in Prometheus' text form, and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
