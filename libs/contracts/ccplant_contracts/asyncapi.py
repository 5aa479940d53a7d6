"""The AsyncAPI document of lifecycle events, made from the code; `docs/asyncapi.json` is what it says (W5)."""

from __future__ import annotations

import json
from typing import Any, get_args

from pydantic.json_schema import models_json_schema

from ccplant_contracts import CONTRACT_VERSION, subjects
from ccplant_contracts.event_data import EVENT_DATA, WHEN, EventData
from ccplant_contracts.events import SOURCE, LifecycleType

_REFERENCE = "#/components/schemas/{model}"
_PROMISE = (
    "At least once: drop ids (`ce-id`) that you have seen. Per `ce-subject` events are numbered from 1 without a "
    "gap (`ce-sequence`), and N+1 is published after N; between ids there is no order. Kept for 7 days. New types and new "
    "fields may come: ignore what you do not know. docs/events.md has all of it."
)


def document() -> dict[str, Any]:
    """Return the document, with one message for each type of event."""
    types: tuple[LifecycleType, ...] = get_args(LifecycleType)
    models = sorted(set(EVENT_DATA.values()), key=lambda model: model.__name__)
    wanted: list[tuple[type[EventData], Any]] = [(model, "serialization") for model in models]
    _, definitions = models_json_schema(wanted, ref_template=_REFERENCE)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ccplant lifecycle events",
            "version": str(CONTRACT_VERSION),
            "description": f"What happens to sessions, and to what starts them, as CloudEvents 1.0 on NATS. {_PROMISE}",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": "ccplant.events.{owner}.{id}.{type}",
                "title": "Lifecycle events",
                "description": (
                    f"Messages of the JetStream stream {subjects.STREAM_EVENTS}. Read it with a consumer, filtered "
                    "by `ccplant.events.OWNER.>` say; credentials of one owner's events allow no other filter."
                ),
                "parameters": {
                    "owner": {
                        "description": "The owner; a name that is no plain token is `_` and 32 digits of its SHA-256."
                    },
                    "id": {"description": "What it is about: a session, dispatch, delivery or schedule."},
                    "type": {"description": "The type, as `session.running`: two tokens."},
                },
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in types},
            }
        },
        "operations": {
            "sendEvents": {
                "action": "send",
                "summary": "ccplant sends these; subscribers receive them.",
                "channel": {"$ref": "#/channels/events"},
                "messages": [{"$ref": f"#/channels/events/messages/{name}"} for name in types],
            }
        },
        "components": {
            "messages": {name: _message(name) for name in types},
            "messageTraits": {"cloudEvent": {"headers": _HEADERS}},
            "schemas": definitions["$defs"],
        },
    }


def page() -> str:
    """Return the text of docs/asyncapi.json."""
    return json.dumps(document(), indent=2, ensure_ascii=False)


def _message(name: LifecycleType) -> dict[str, Any]:
    return {
        "name": f"ccplant.{name}",
        "title": name,
        "summary": WHEN[name],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": _REFERENCE.format(model=EVENT_DATA[name].__name__)},
    }


def _text(description: str, **more: object) -> dict[str, object]:
    return {"type": "string", "description": description, **more}


_HEADERS: dict[str, Any] = {
    "type": "object",
    "required": [
        "ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time", "ce-datacontenttype", "ce-sequence",
        "ce-owner", "Nats-Msg-Id",
    ],
    "properties": {
        "ce-specversion": _text("CloudEvents' version.", const="1.0"),
        "ce-id": _text("Unique; the same when the event comes again."),
        "ce-source": _text("Who tells.", const=SOURCE),
        "ce-type": _text("`ccplant.` and the type."),
        "ce-subject": _text("What it is about: a session, dispatch, delivery or schedule."),
        "ce-time": _text("When it happened.", format="date-time"),
        "ce-datacontenttype": _text("What the body is.", const="application/json"),
        "ce-sequence": _text("Its number among the events of the same subject, from 1.", pattern="^[1-9][0-9]*$"),
        "ce-owner": _text("Whose it is, as ccplant names them."),
        "ce-traceparent": _text("The trace of its cause, where that is known."),
        "Nats-Msg-Id": _text("The same as `ce-id`."),
    },
}  # fmt: skip
