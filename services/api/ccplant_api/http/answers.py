"""Answers as bytes: written once by pydantic's or orjson's writer, never validated a second time.

Endpoints return these themselves; their `response_model` is for the OpenAPI document, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from pydantic import BaseModel
from starlette.responses import Response


def answer(
    model: BaseModel,
    *,
    status: int = 200,
    exclude_none: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a model as JSON."""
    return Response(
        model.model_dump_json(exclude_none=exclude_none),
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def answer_json(
    value: Mapping[str, object], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a mapping that is JSON already."""
    return Response(
        orjson.dumps(value),
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def no_content() -> Response:
    """Return an answer without a body."""
    return Response(status_code=204, headers={"Cache-Control": "no-store"})
