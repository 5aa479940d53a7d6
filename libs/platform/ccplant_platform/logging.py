"""Logs: one JSON object per line on stderr, with the ids that tie lines together, and without secrets.

Secrets reach logs by way of errors: an address with a password in a driver's message, a token in a command line that
failed. So every string of every line passes the `Redactor` as the last thing before it is written.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.contextvars import bind_contextvars, merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from ccplant_platform.redaction import Redactor, redact
from ccplant_platform.settings import LogSettings

__all__ = ["Redactor", "bind_ids", "configure_logging", "redact"]


def configure_logging(
    service: str,
    settings: LogSettings | None = None,
    *,
    redactor: Redactor | None = None,
    stream: TextIO | None = None,
) -> Redactor:
    """Send structlog and the standard library's logging to one place in one form; return the redactor in use."""
    chosen = settings or LogSettings()
    masks = redactor or Redactor()
    level = logging.getLevelName(chosen.log_level.upper())
    shared: list[Processor] = [
        merge_contextvars,
        _name_service(service),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    console = chosen.log_format == "console"
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _redact_line(masks),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # it tells every command with its documents: prompts, payloads, what agents are configured with
    logging.getLogger("pymongo").setLevel(max(level, logging.INFO))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return masks


def bind_ids(
    *, request_id: str | None = None, session_id: str | None = None, traceparent: str | None = None
) -> None:
    """Put the ids that are known on every further line of this task."""
    ids = {"request_id": request_id, "session_id": session_id, "traceparent": traceparent}
    bind_contextvars(**{name: value for name, value in ids.items() if value is not None})


def _name_service(service: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line["service"] = service
        return line

    return add


def _redact_line(redactor: Redactor) -> Processor:
    def mask(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        masked: MutableMapping[str, Any] = {key: redactor.deep(value) for key, value in line.items()}
        return masked

    return mask
