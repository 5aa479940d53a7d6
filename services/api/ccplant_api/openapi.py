"""The OpenAPI document: made from the code, and printed by ``python -m ccplant_api.openapi``.

FastAPI documents a 422 for every route with parameters; ours never answer that, so it is taken out: a client that is
made from this document must not wait for a shape that never comes.
"""

from __future__ import annotations

import sys
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_UNUSED = ("HTTPValidationError", "ValidationError")


def install_openapi(app: FastAPI) -> None:
    """Let the application show the corrected document."""

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the way that FastAPI gives for it


def build(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=None
    )
    schemas = document["components"]["schemas"]
    for name in _UNUSED:
        schemas.pop(name, None)
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            if not path.startswith("/health"):
                operation["security"] = [{"bearer": []}, {"apiKey": []}]
    return document


def main() -> None:
    """Print the document."""
    from ccplant_api.main import create_app

    sys.stdout.buffer.write(
        orjson.dumps(build(create_app()), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    )
    sys.stdout.buffer.write(b"\n")


if __name__ == "__main__":
    main()
