"""Every index, in one place: each answers a query of a repository, and the tests ask the server whether it does.

Lists filter on the boolean `deleted`: with a comparison against a missing time the server would have to fetch and sort.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ccplant_store import idempotency, reading, tombstones
from ccplant_store.access import TICKET_SECONDS
from ccplant_store.deliveries.model import KEPT_SECONDS as DELIVERIES_KEPT_SECONDS
from ccplant_store.deliveries.rate import ADMISSIONS_KEPT_SECONDS
from ccplant_store.driver import ASC, DESC, EPOCH, Index
from ccplant_store.schedules import repository as schedules
from ccplant_store.schedules.model import RUNS_KEPT
from ccplant_store.webhooks.repository import DELETED_KEPT_SECONDS

PURGED_EVENTS_KEPT_SECONDS = 7 * 24 * 3600
RESOLVED_DISPATCHES_KEPT_SECONDS = 90 * 24 * 3600
"""As long as the runs of schedules that refer to them."""


def _text(key: str) -> Mapping[str, object]:
    """Return the condition of an index over those that have a text there; the planner understands no ``$type``."""
    return {key: {"$gt": ""}}


def _list_index(name: str, *keys: str) -> Index:
    *equal, ordered = keys
    return Index((*((key, ASC) for key in equal), (ordered, DESC), ("_id", DESC)), name)


SESSIONS: Sequence[Index] = (
    _list_index("list_created", "owner", "deleted", "created_at"),
    _list_index("list_updated", "owner", "deleted", "updated_at"),
    _list_index("list_status_created", "owner", "deleted", "status", "created_at"),
    _list_index("list_status_updated", "owner", "deleted", "status", "updated_at"),
    _list_index("list_name_created", "owner", "name", "deleted", "created_at"),
    _list_index("list_name_updated", "owner", "name", "deleted", "updated_at"),
    Index(
        (("work", ASC), ("next_attempt_at", ASC), ("created_at", ASC)),
        "work",
        partial=_text("work"),
    ),
    Index((("next_attempt_at", ASC),), "retries", partial={"next_attempt_at": {"$gt": EPOCH}}),
    Index((("deadline_at", ASC),), "deadlines", partial={"open": True}),
    Index((("delete_at", ASC),), "deletions", partial={"delete_at": {"$gt": EPOCH}}),
    Index(
        (("mode", ASC), ("idle_number", ASC)), "idle_tasks", partial={"open": True, "idle_number": {"$gt": 0}}
    ),
    Index((("status", ASC), ("launch.id", ASC)), "open_by_status", partial={"open": True}),
    Index((("owner", ASC), ("open", ASC), ("_id", ASC)), "open_of_owner", partial={"open": True}),
    Index((("launch.released", ASC), ("launch.id", ASC)), "launches", partial={"launch.released": False}),
    Index((("launch.id", ASC),), "launch", unique=True, partial=_text("launch.id")),
)
PROMPTS: Sequence[Index] = (
    Index((("session_id", ASC), ("number", ASC)), "number", unique=True),
    Index(
        (("session_id", ASC), ("idempotency_key", ASC)),
        "idempotency_key",
        unique=True,
        partial=_text("idempotency_key"),
    ),
    Index((("session_id", ASC),), "one_under_way", unique=True, partial={"under_way": True}),
    Index((("session_id", ASC), ("state", ASC), ("number", ASC)), "open", partial={"open": True}),
    Index((("session_id", ASC), ("ended_at", ASC)), "ended", partial={"open": False}),
    Index((("created_at", ASC),), "unannounced", partial={"announced": False}),
)
PERMISSIONS: Sequence[Index] = (
    Index((("session_id", ASC), ("requested_at", DESC), ("_id", DESC)), "of_session"),
    Index((("session_id", ASC), ("changed_at", ASC)), "changed"),
    Index((("expires_at", ASC),), "expiry", partial={"state": "pending"}),
    Index((("delivery", ASC), ("session_id", ASC)), "waiting", partial={"delivery": "waiting"}),
)
EVENTS: Sequence[Index] = (
    Index((("session_id", ASC), ("sequence", ASC)), "sequence", unique=True),
    Index(
        (("time", ASC), ("session_id", ASC), ("sequence", ASC)), "unpublished", partial={"published": False}
    ),
    Index((("owner", ASC), ("time", ASC), ("session_id", ASC), ("sequence", ASC)), "of_owner"),
    Index((("time", ASC),), "since"),
    Index((("purged_at", ASC),), "purged", expire_after_seconds=PURGED_EVENTS_KEPT_SECONDS),
)
VOLUMES: Sequence[Index] = (
    Index((("owner", ASC), ("created_at", DESC), ("_id", DESC)), "of_owner"),
    Index((("next_attempt_at", ASC),), "condemned", partial={"deleting": True}),
)
DISPATCHES: Sequence[Index] = (
    Index((("trigger", ASC),), "trigger", unique=True),
    Index((("queue", ASC), ("number", ASC)), "queue", partial={"open": True}),
    Index((("owner", ASC), ("open", ASC), ("created_at", ASC), ("_id", ASC)), "waiting"),
    Index((("owner", ASC), ("created_at", DESC), ("_id", DESC)), "of_owner"),
    Index((("created_at", ASC),), "to_look_at", partial={"open": True}),
    Index(
        (("owner", ASC), ("created_at", ASC), ("_id", ASC)),
        "for_place",
        partial={"open": True, "waiting_for": "place"},
    ),
    Index((("after", ASC),), "replacing", partial={"open": True, "replace": True}),
    Index((("resolved_at", ASC),), "ttl", expire_after_seconds=RESOLVED_DISPATCHES_KEPT_SECONDS),
)
WEBHOOKS: Sequence[Index] = (
    _list_index("list", "owner", "deleted", "created_at"),
    Index((("deleted_at", ASC),), "deleted", expire_after_seconds=DELETED_KEPT_SECONDS),
)
DELIVERIES: Sequence[Index] = (
    Index((("key", ASC),), "key", unique=True, partial=_text("key")),
    _list_index("of_webhook", "webhook_id", "order"),
    _list_index("of_webhook_by_outcome", "webhook_id", "outcome", "order"),
    Index(
        (("state", ASC), ("webhook_id", ASC), ("order", ASC), ("next_attempt_at", ASC)),
        "due_of_webhook",
        partial={"state": "received"},
    ),
    Index((("received_at", ASC),), "ttl", expire_after_seconds=DELIVERIES_KEPT_SECONDS),
)
SCHEDULES: Sequence[Index] = (
    _list_index("list_created", "owner", "deleted", "created_at"),
    Index((("next_fire_at", ASC),), "due", partial={"next_fire_at": {"$gt": EPOCH}}),
    Index((("last_tick_at", ASC),), "decided", partial={"last_tick_at": {"$gt": EPOCH}}),
    Index((("updated_at", ASC),), "written"),
    Index((("deleted_at", ASC),), "ttl", expire_after_seconds=schedules.DELETED_KEPT_SECONDS),
)
RUNS: Sequence[Index] = (
    Index((("schedule_id", ASC), ("created_at", DESC), ("_id", DESC)), "of_schedule"),
    Index((("key", ASC),), "tick", unique=True, partial=_text("key")),
    Index((("created_at", ASC),), "ttl", expire_after_seconds=int(RUNS_KEPT.total_seconds())),
)

INDEXES: Mapping[str, Sequence[Index]] = MappingProxyType(
    {
        "sessions": SESSIONS,
        "prompts": PROMPTS,
        "permissions": PERMISSIONS,
        "session_events": EVENTS,
        "volumes": VOLUMES,
        "dispatches": DISPATCHES,
        "slots": (Index((("touched_at", ASC),), "touched"),),
        "schedules": SCHEDULES,
        "runs": RUNS,
        "places": (),
        "webhooks": WEBHOOKS,
        "deliveries": DELIVERIES,
        "dispatch_rates": (
            Index((("touched_at", ASC),), "ttl", expire_after_seconds=ADMISSIONS_KEPT_SECONDS),
        ),
        "output": (),
        "activity": (),
        "leases": (),
        "publisher": (),
        "idempotency": (
            Index((("created_at", ASC),), "ttl", expire_after_seconds=idempotency.KEPT_SECONDS),
            Index((("resource_id", ASC),), "resource"),
        ),
        "unreadable": (Index((("seen_at", ASC),), "ttl", expire_after_seconds=reading.SEEN_SECONDS),),
        "tombstones": (Index((("at", ASC),), "ttl", expire_after_seconds=tombstones.KEPT_SECONDS),),
        "tokens": (
            Index((("key_id", ASC),), "key_id", unique=True),
            Index((("owner", ASC), ("revoked", ASC), ("created_at", DESC), ("_id", DESC)), "of_owner"),
        ),
        "users": (Index((("github_id", ASC),), "github_id", unique=True, partial={"github_id": {"$gt": 0}}),),
        "browsers": (Index((("expires_at", ASC),), "ttl", expire_after_seconds=0),),
        "tickets": (Index((("created_at", ASC),), "ttl", expire_after_seconds=TICKET_SECONDS),),
        "fs.files": (
            Index((("metadata.session_id", ASC),), "session"),
            Index((("metadata.created_at", ASC),), "unreferenced", partial={"metadata.referenced": False}),
            Index((("metadata.created_at", ASC),), "unused", partial={"metadata.used": False}),
            Index(
                (("metadata.expires_at", ASC),),
                "ttl",
                expire_after_seconds=0,
                partial={"metadata.expires_at": {"$gt": EPOCH}},
            ),
        ),
        "fs.chunks": (
            Index((("files_id", ASC), ("n", ASC)), "files_id_1_n_1", unique=True),
            Index(
                (("expires_at", ASC),), "ttl", expire_after_seconds=0, partial={"expires_at": {"$gt": EPOCH}}
            ),
        ),
    }
)
"""Collections and their indexes."""
