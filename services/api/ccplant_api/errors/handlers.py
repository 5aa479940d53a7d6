"""Where every exception of a request becomes the one error shape."""

from __future__ import annotations

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ccplant_api.errors.envelope import error_response
from ccplant_api.errors.validation import field_problem, invalid_request
from ccplant_api.http.context import request_id_of
from ccplant_api.web.serving import page_of
from ccplant_contracts.errors import (
    ApiError,
    InvalidRequestError,
    NotFoundError,
    PayloadTooLargeError,
    UnavailableError,
)
from ccplant_store.errors import StoreUnavailableError, TombstonedError, TransactionContentionError

_log = structlog.get_logger(__name__)


class MethodNotAllowedError(ApiError):
    """The path is known, but not with this method."""

    code, status = "METHOD_NOT_ALLOWED", 405


class HttpError(ApiError):
    """A refusal of the framework that has no class of ours."""

    code = "INVALID_REQUEST"

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status  # type: ignore[misc]  # the one error whose status is not its class's


def _from_framework(error: HTTPException, path: str) -> ApiError:
    if error.status_code == 404:
        return NotFoundError(f"There is nothing at {path}.")
    if error.status_code == 405:
        return MethodNotAllowedError("This path does not take this method.")
    if error.status_code == 413:
        return PayloadTooLargeError("The body is too large.")
    if error.status_code == 400:
        return InvalidRequestError(
            "The body could not be read: it must be JSON in UTF-8, not nested too deeply.",
            details={"fields": [field_problem("body", "is not valid JSON")]},
        )
    return HttpError(error.status_code, str(error.detail))


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, ApiError):
        return error_response(error, request_id_of(request.scope))
    if isinstance(error, RequestValidationError):
        return error_response(invalid_request(error.errors()), request_id_of(request.scope))
    if isinstance(error, HTTPException):
        page = page_of(request) if error.status_code == 404 else None
        if page is not None:
            return page
        answer = error_response(_from_framework(error, request.url.path), request_id_of(request.scope))
        for name, value in (error.headers or {}).items():
            answer.headers[name] = value
        return answer
    if isinstance(error, TombstonedError):
        return error_response(NotFoundError("The session was erased."), request_id_of(request.scope))
    _log.warning("store_unavailable", error=str(error))
    words = "is busy" if isinstance(error, TransactionContentionError) else "cannot be reached"
    away = UnavailableError(f"The database {words}; try again in a moment.", retry_after=2)
    return error_response(away, request_id_of(request.scope))


def install_error_handlers(app: FastAPI) -> None:
    """Let every refusal of the application go through one function."""
    kinds: tuple[type[Exception], ...] = (
        ApiError,
        RequestValidationError,
        HTTPException,
        StoreUnavailableError,
        TombstonedError,
        TransactionContentionError,
    )
    for kind in kinds:
        app.add_exception_handler(kind, _refused)
