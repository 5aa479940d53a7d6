"""A trace goes on where a valid one came in, and begins anew where not."""

from __future__ import annotations

import pytest

from ccplant_platform.metrics import MESSAGES, exposition
from ccplant_platform.telemetry import continue_trace, new_trace, parse_traceparent

VALID = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_what_is_made_can_be_read() -> None:
    trace = new_trace()
    assert parse_traceparent(trace.header()) == trace


def test_the_trace_goes_on_with_a_new_span() -> None:
    child = continue_trace(VALID)
    assert child.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert child.span_id != "00f067aa0ba902b7"
    assert child.sampled


@pytest.mark.parametrize(
    "text",
    [
        None, "", "x", VALID.upper(), VALID + "-extra", "ff" + VALID[2:], VALID[:-1],
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
    ],
)  # fmt: skip
def test_what_is_not_valid_begins_a_new_trace(text: str | None) -> None:
    assert parse_traceparent(text) is None
    assert continue_trace(text).trace_id != "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    assert parse_traceparent("01" + VALID[2:] + "-more") is not None


def test_numbers_are_exposed_for_prometheus() -> None:
    MESSAGES.labels("S", "done").inc()
    text, content_type = exposition()
    assert b'ccplant_bus_messages_total{result="done",stream="S"}' in text
    assert content_type.startswith("text/plain")
