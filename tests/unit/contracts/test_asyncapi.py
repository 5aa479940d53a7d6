"""The AsyncAPI document has every type of event with the shape of its data, and nothing in it leads nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from ccplant_contracts.asyncapi import document, page
from ccplant_contracts.event_data import EVENT_DATA, WHEN
from ccplant_contracts.events import LifecycleEvent, LifecycleType, cloud_event_headers

ROOT = Path(__file__).resolve().parents[3]
TYPES: tuple[LifecycleType, ...] = get_args(LifecycleType)


def resolved(found: dict[str, Any], reference: str) -> Any:
    """Follow ``#/a/b``."""
    node: Any = found
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def test_the_published_document_is_in_step_with_the_code() -> None:
    assert (ROOT / "docs" / "asyncapi.json").read_text() == page() + "\n", "run: make docs"


@pytest.mark.parametrize("name", TYPES)
def test_every_type_of_event_is_in_it_with_the_shape_of_its_data(name: LifecycleType) -> None:
    found = document()
    sent = [item["$ref"] for item in found["operations"]["sendEvents"]["messages"]]
    assert f"#/channels/events/messages/{name}" in sent
    message = resolved(found, found["channels"]["events"]["messages"][name]["$ref"])
    assert message["name"] == f"ccplant.{name}"
    shape = resolved(found, message["payload"]["$ref"])
    assert shape == resolved(found, f"#/components/schemas/{EVENT_DATA[name].__name__}")
    fields = {field.alias or key for key, field in EVENT_DATA[name].model_fields.items()}
    assert set(shape.get("properties", {})) == fields


def test_no_type_is_left_out_and_none_is_made_up() -> None:
    assert set(EVENT_DATA) == set(WHEN) == set(TYPES) == set(document()["components"]["messages"])


def test_all_that_it_refers_to_is_there() -> None:
    found = document()
    for reference in references(found):
        assert resolved(found, reference) is not None, reference


def test_the_headers_are_those_that_are_sent() -> None:
    event = LifecycleEvent(
        id="evt-1", type="session.purged", session_id="s", owner="alice", sequence=1,
        time=datetime(2026, 11, 22, tzinfo=UTC), data={}, traceparent="00-1-2-01",
    )  # fmt: skip
    headers = document()["components"]["messageTraits"]["cloudEvent"]["headers"]
    assert set(headers["properties"]) == set(cloud_event_headers(event))
    assert set(headers["required"]) == set(headers["properties"]) - {"ce-traceparent"}


@pytest.mark.parametrize("name", TYPES)
def test_the_page_of_events_tells_of_every_type(name: LifecycleType) -> None:
    assert f"| `{name}` |" in (ROOT / "docs" / "events.md").read_text()


def test_a_subscriber_can_read_it_as_json() -> None:
    assert json.loads(page())["asyncapi"] == "3.0.0"
