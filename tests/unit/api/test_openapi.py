"""The published document is the one that the code makes, and it promises no shape that never comes."""

from __future__ import annotations

from pathlib import Path

import orjson

from ccplant_api.main import create_app
from ccplant_api.openapi import build
from ccplant_api.settings import ApiSettings

PUBLISHED = Path(__file__).parents[3] / "docs" / "openapi.json"


def test_the_published_document_is_in_step_with_the_code() -> None:
    made = orjson.loads(orjson.dumps(build(create_app(ApiSettings()))))
    assert made == orjson.loads(PUBLISHED.read_bytes()), (
        "run: python -m ccplant_api.openapi > docs/openapi.json"
    )


def test_every_operation_has_its_own_id_and_the_one_error_shape() -> None:
    document = build(create_app(ApiSettings()))
    ids: list[str] = []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            ids.append(operation["operationId"])
            assert "422" not in operation["responses"], path
            if path.startswith("/api/"):
                for status in ("400", "401", "500", "503"):
                    schema = operation["responses"][status]["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/ErrorEnvelope"}, (path, status)
    assert len(ids) == len(set(ids))
