"""The one error shape of the API, and the classes that produce it.

Every refusal is an `ApiError` that carries its code, its HTTP status and its words; the gateway turns it
into the same JSON wherever it is raised, so no client ever meets a second shape.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from ccplant_contracts.base import Message, UtcTime


class ErrorBody(Message):
    """What a client reads about a refusal."""

    code: str
    message: str
    details: dict[str, Any] = Field(default_factory=dict)
    request_id: str
    timestamp: UtcTime


class ErrorEnvelope(Message):
    """``{"error": {...}}``."""

    error: ErrorBody


class ApiError(Exception):
    """A refusal that a client is told about."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500

    def __init__(
        self, message: str, *, details: dict[str, Any] | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}
        self.retry_after = retry_after
        """Seconds after which another try makes sense, for a ``Retry-After`` header."""


class InvalidRequestError(ApiError):
    """The request is wrong; the details name each field."""

    code, status = "INVALID_REQUEST", 400


class UnauthorizedError(ApiError):
    """No, an unknown or an expired credential."""

    code, status = "UNAUTHORIZED", 401


class ForbiddenError(ApiError):
    """Known, but not allowed."""

    code, status = "FORBIDDEN", 403


class NotFoundError(ApiError):
    """No such thing, or another owner's: which of the two is not told."""

    code, status = "NOT_FOUND", 404


class ConflictError(ApiError):
    """Not possible in this state, or the same idempotency key with another body."""

    code, status = "CONFLICT", 409


class PayloadTooLargeError(ApiError):
    """The body is over its limit."""

    code, status = "PAYLOAD_TOO_LARGE", 413


class QuotaExceededError(ApiError):
    """The owner's limit is reached."""

    code, status = "RESOURCE_QUOTA_EXCEEDED", 429


class RateLimitError(ApiError):
    """Too many requests."""

    code, status = "RATE_LIMIT_EXCEEDED", 429


class SessionNotReadyError(ApiError):
    """The call needs the live runner, which is not there yet."""

    code, status = "SESSION_NOT_READY", 503


class UnavailableError(ApiError):
    """A part that the answer needs cannot be reached."""

    code, status = "UNAVAILABLE", 503
