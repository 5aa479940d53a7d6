"""A cluster that has no room: what its scheduler would say is written where the gateway reads it.

One machine cannot run out of nodes. How the words come about is tested where the diagnosis is made; here they are only
read, so the orchestrator is stopped for as long as they must stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pymongo import MongoClient

from ccplant_contracts.ids import new_launch_id
from tests.browser.backstage import Backstage
from tests.support.system import System

DIAGNOSIS: dict[str, Any] = {
    "code": "insufficient_memory",
    "message": {
        "ja": "メモリが足りません。8Gi の空きがあるノードがありません。",
        "en": "There is not enough memory: no node has room for 8Gi.",
    },
    "hint": {
        "ja": "メモリを減らすか、ほかのセッションを停止してください。",
        "en": "Ask for less memory, or stop another session.",
    },
    "evidence": {
        "shortages": [
            {
                "resource": "memory",
                "nodes": 4,
                "requested": "8Gi",
                "largest_node": "16Gi",
                "most_free_at_most": "6.3Gi",
                "missing": "1.7Gi",
                "rooms": [
                    {"has": "16Gi", "free": "6.3Gi"},
                    {"has": "16Gi", "free": "2Gi"},
                    {"has": "8Gi", "free": "0"},
                ],
            }
        ]
    },
}


@contextmanager
def no_room(system: System, backstage: Backstage, **fields: Any) -> Iterator[str]:
    """A session that waits for memory; the orchestrator goes on after the block, or when `System.thaw` is called."""
    frozen = system.freeze_part("orchestrator")
    try:
        made: str = backstage.post(
            "/sessions", {"config": {"cpu_limit": "4", "memory_limit": "8Gi"}, **fields}
        )["session_id"]
        url = (system.data_dir / "secrets" / "mongodb.url").read_text().strip()
        now = datetime.now(UTC)
        launch = {
            "id": new_launch_id(), "attempt": 1, "created_at": now, "started_at": now, "released": False,
        }  # fmt: skip
        with MongoClient[dict[str, Any]](url) as client:
            changed = client["ccplant"]["sessions"].update_one(
                {"_id": made}, {"$set": {"diagnosis": DIAGNOSIS, "launch": launch}, "$inc": {"version": 1}}
            )
        assert changed.modified_count == 1
        yield made
    finally:
        system.thaw(frozen)
