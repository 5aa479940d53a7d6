"""Changing a definition field by field, and what is shown of what was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_api.http.base_url import delivery_base_url
from ccplant_api.settings import ApiSettings
from ccplant_api.triggers.definitions import patched
from ccplant_api.triggers.ids import checked_id
from ccplant_api.webhooks import views
from ccplant_api.webhooks.definition import changed_definition
from ccplant_contracts.dispatch import DispatchResource, DispatchSource
from ccplant_contracts.errors import InvalidRequestError, NotFoundError
from ccplant_contracts.session import MASK
from ccplant_contracts.webhook import CreateWebhook
from ccplant_store.deliveries.model import DeliveryDoc
from ccplant_store.webhooks.model import WebhookDoc

AT = datetime(2026, 1, 1, tzinfo=UTC)
FULL = CreateWebhook.model_validate(
    {
        "name": "reviews",
        "events": ["pull_request"],
        "condition": "not pull_request.draft",
        "repository": "example/shop",
        "branch": "main",
        "labels": {"team": "a"},
        "config": {"preset": "heavy", "env": {"TOKEN": "s3cr3t", "PLAIN": {"value": "x", "secret": False}}},
    }
).model_dump(mode="json")


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"name": "x"}, "name", "x"),
        ({"condition": None}, "condition", None),
        ({"labels": None}, "labels", {}),
        ({"events": ["push"]}, "events", ("push",)),
        ({"branch": None, "repository": None}, "repository", None),
        ({"max_dispatches_per_hour": None}, "max_dispatches_per_hour", 60),
    ],
)
def test_what_is_given_changes_and_null_takes_a_field_back(
    changes: dict[str, Any], field: str, expected: object
) -> None:
    changed = changed_definition(FULL, changes)
    assert getattr(changed, field) == expected
    before = CreateWebhook.model_validate(FULL)
    for name in type(before).model_fields:
        if name not in changes:
            assert getattr(changed, name) == getattr(before, name), name


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"env": {"TOKEN": MASK}}, {"env": {"TOKEN": "s3cr3t"}, "cpu_limit": "4"}),
        ({"env": {"TOKEN": {"value": MASK, "secret": True}}}, {"env": {"TOKEN": "s3cr3t"}, "cpu_limit": "4"}),
        ({"env": {"NEW": "y"}}, {"env": {"NEW": "y"}, "cpu_limit": "4"}),
        ({"preset": "light"}, {"cpu_limit": "1"}),
        ({"cpu_limit": None}, {"cpu_limit": "4"}),
        ({"preset": "light", "cpu_limit": "3"}, {"cpu_limit": "3"}),
        (None, {"cpu_limit": "2", "env": {}}),
    ],
)
def test_a_configuration_changes_part_by_part_and_keeps_its_secrets(
    config: dict[str, Any] | None, expected: dict[str, Any]
) -> None:
    changed = changed_definition(FULL, {"config": config}).config
    assert changed.cpu_limit == expected["cpu_limit"]
    if "env" in expected:
        assert {name: item.value for name, item in changed.env.items()} == expected["env"]


@given(st.dictionaries(st.sampled_from(list(FULL)), st.none()))
def test_no_change_makes_anything_but_a_definition_or_a_refusal(changes: dict[str, None]) -> None:
    if {"name", "events"} & set(changes) or ("repository" in changes and "branch" not in changes):
        with pytest.raises(InvalidRequestError):
            changed_definition(FULL, changes)
    else:
        changed_definition(FULL, changes)


def test_the_definition_that_is_changed_stays_as_it_was() -> None:
    before = orjson.dumps(FULL)
    patched(FULL, {"config": {"env": {"TOKEN": MASK}}, "name": None, "labels": {"a": "b"}})
    assert orjson.dumps(FULL) == before


def test_a_webhook_shows_no_secret_and_the_mode_in_force() -> None:
    doc = WebhookDoc(
        id="hook-1", owner="ann", name="reviews", definition=FULL, sealed_secret="sealed", created_at=AT,
        updated_at=AT, old_sealed_secret="older",
    )  # fmt: skip
    shown = views.webhook(doc, "https://hooks.example.com", "ignored")
    text = shown.model_dump_json()
    assert shown.delivery_url == "https://hooks.example.com/webhooks/hook-1"
    assert shown.mode == "task"
    assert shown.config.env["PLAIN"].value == "x"
    for secret in ("s3cr3t", "sealed", "older"):
        assert secret not in text


def delivery(**fields: Any) -> DeliveryDoc:
    return DeliveryDoc(
        **{
            "id": "dlv-1", "webhook_id": "hook-1", "owner": "ann", "github_delivery": "g", "event": "push",
            "order": 1, "received_at": AT, "size_bytes": 2, "content_type": "application/json", "updated_at": AT,
            "state": "processed", **fields,
        }
    )  # fmt: skip


def resource(state: Any, **fields: Any) -> DispatchResource:
    source = DispatchSource(kind="webhook", id="hook-1", name="reviews")
    return DispatchResource(
        dispatch_id="disp-1",
        source=source,
        state=state,
        message="m",
        target="new",
        created_at=AT,
        version=1,
        **fields,
    )


@pytest.mark.parametrize(
    ("doc", "dispatch", "expected"),
    [
        (delivery(state="received"), None, ("processing", None)),
        # what an earlier time of processing left is not what became of this one
        (delivery(state="received", reason="branch"), None, ("processing", None)),
        (delivery(outcome="ignored", reason="branch"), None, ("ignored", "branch")),
        (delivery(outcome="duplicate", reason="x"), None, ("duplicate", None)),
        (delivery(outcome="handed", dispatch_id="disp-1"), resource("dispatched"), ("dispatched", None)),
        (
            delivery(outcome="handed", dispatch_id="disp-1"),
            resource("waiting", waiting_for="turn", place=3),
            ("waiting", "turn"),
        ),
        (delivery(outcome="handed", dispatch_id="disp-1"), None, ("dispatched", None)),
    ],
)
def test_what_became_of_a_delivery_is_what_became_of_its_dispatch(
    doc: DeliveryDoc, dispatch: DispatchResource | None, expected: tuple[str, str | None]
) -> None:
    shown = views.summary(doc, dispatch)
    assert (shown.outcome, shown.reason) == expected
    assert (shown.reason_message is None) == (shown.reason is None and shown.outcome != "duplicate")
    assert shown.place == (3 if expected[0] == "waiting" else None)


@given(st.binary(max_size=200))
def test_any_payload_is_shown(payload: bytes) -> None:
    views.delivery(delivery(outcome="ignored"), None, payload).model_dump_json()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["secret", "hook", "config", "a"]), inner),
)  # fmt: skip


@given(JSON)
def test_a_payload_comes_back_as_it_was_but_for_the_secret(payload: object) -> None:
    try:
        raw = orjson.dumps(payload)
    except (TypeError, orjson.JSONEncodeError):
        return  # an integer or a text that JSON's writer refuses
    shown = views.delivery(delivery(outcome="ignored"), None, raw)
    if isinstance(payload, dict) and ("secret" in payload or "hook" in payload):
        assert shown.payload.get("secret") == payload.get("secret") or shown.payload["secret"] == MASK
    else:
        assert shown.payload == orjson.loads(raw)


@pytest.mark.parametrize(
    ("base", "settings", "expected"),
    [
        ("http://127.0.0.1:8080", ApiSettings(), "http://127.0.0.1:8081"),
        ("http://[::1]:8080", ApiSettings(), "http://[::1]:8081"),
        ("https://cc.example.com", ApiSettings(ingest_port=9000), "http://cc.example.com:9000"),
        ("http://x", ApiSettings(webhook_url="https://hooks.example.com/"), "https://hooks.example.com"),
    ],
)
def test_the_address_to_send_to_is_what_the_settings_say(
    base: str, settings: ApiSettings, expected: str
) -> None:
    assert delivery_base_url(base, settings) == expected


@pytest.mark.parametrize(
    "text", ["", "hook-", "hook-ABC", "hook-a\x00", "hook-" + "a" * 41, "sched-1", "hook-1\n"]
)
def test_what_cannot_be_an_id_is_not_there(text: str) -> None:
    with pytest.raises(NotFoundError):
        checked_id(text, "hook", "webhook")


def test_a_wrong_part_of_a_change_is_named_by_its_path() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        changed_definition(FULL, {"config": {"mcp_servers": {"a": {"command": "x", "args": "y"}}}})
    assert refused.value.details["fields"][0]["field"] == "config.mcp_servers.a.args"
