"""Secrets do not reach a log, in whichever form they come."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ccplant_platform.logging import bind_ids, configure_logging
from ccplant_platform.redaction import MASK, Redactor, redact
from ccplant_platform.settings import LogSettings

SHAPES = [
    "ghp_0123456789abcdefghij0123456789abcdef",
    "github_pat_11ABCDEFG0123456789_abcdefghijklmnop",
    "sk-ant-api03-abcdefghijklmnop-qrstuvwx",
    "ccp_abcdefghijklmnop",
    "whsec_abcdefghijklmnop==",
    "Bearer abcdefghijklmnop.qrs",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijk",
    "SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4",
    "nats://alice:hunter2hunter2@127.0.0.1:4222",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SHAPES)
def test_what_has_the_shape_of_a_secret_is_masked(secret: str) -> None:
    masked = redact(f"before {secret} after")
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    for part in ("0123456789abcdef", "abcdefghijkl", "hunter2", "b3BlbnNzaC1", "eyJzdWIi", "UTWCWBKIO6X"):
        assert part not in masked


@given(
    st.text(min_size=6, max_size=40).filter(
        lambda text: len(text.strip()) >= 6 and len(text.splitlines()) == 1
    )
)
def test_a_known_value_is_masked_in_text_urls_and_json(secret: str) -> None:
    secret = secret.strip()
    for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
        assert form not in redact(f"«{form}»", [secret]).replace(MASK, "")


def test_each_line_of_a_secret_is_masked() -> None:
    assert redact("line two of the key", ["first line\nline two of"]) == f"{MASK} the key"


def test_short_values_stay_readable() -> None:
    assert redact("true 8080 text", ["true", "8080", ""]) == "true 8080 text"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert redact("abcdefghij", ["abcdef", "abcdefghij"]) == MASK


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/a?b=c",
        "an@example.com wrote",
        "the bearer of news",
        "session-alice-0123456789",
        "",
    ],
)
def test_harmless_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_secrets_within_structures_are_masked() -> None:
    masked = Redactor(["topsecret"]).deep(
        {"a": ["x topsecret", {"topsecret": 1}], "n": 3, "o": ValueError("topsecret")}
    )
    assert "topsecret" not in repr(masked)
    assert isinstance(masked, dict)
    assert masked["n"] == 3


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("api", LogSettings(), redactor=Redactor(["topsecret"]), stream=stream)
    yield stream
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_line_is_json_with_service_and_ids(log: io.StringIO) -> None:
    bind_ids(request_id="req-1", session_id="session-a")
    structlog.get_logger("x").info("happened", count=3)
    (line,) = lines(log)
    expected = {
        "event": "happened",
        "service": "api",
        "request_id": "req-1",
        "session_id": "session-a",
        "count": 3,
    }
    assert expected.items() <= line.items()
    assert {"time", "level", "logger"} <= line.keys()


def test_no_way_into_the_log_goes_past_the_mask(log: io.StringIO) -> None:
    logger = structlog.get_logger("x")
    logger.warning("topsecret", url="mongodb://u:pw123456@h/db", deep={"k": ["topsecret"]})
    logging.getLogger("library").warning("a library says %s", "topsecret")
    logging.getLogger("library").warning("extra", extra={"field": "topsecret"})
    try:
        int("failed with topsecret")
    except ValueError:
        logger.exception("failed")
        logging.getLogger("library").exception("failed too")
    assert len(lines(log)) == 5
    assert "topsecret" not in log.getvalue()
    assert "pw123456" not in log.getvalue()
    assert "ValueError" in log.getvalue()


def test_the_level_is_a_setting() -> None:
    stream = io.StringIO()
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging("api", LogSettings(log_level="warning", log_format="console"), stream=stream)
        structlog.get_logger("x").info("quiet")
        try:
            int("with a trace")
        except ValueError:
            structlog.get_logger("x").exception("loud")
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)
    assert "quiet" not in stream.getvalue()
    assert "with a trace" in stream.getvalue()
