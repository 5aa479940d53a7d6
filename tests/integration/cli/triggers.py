"""Webhooks, deliveries, schedules, runs and dispatches as the API shows them."""

from __future__ import annotations

from typing import Any

from tests.integration.cli.standin import AT


def page(name: str, *items: dict[str, Any], more: bool = False) -> dict[str, Any]:
    """Return one page of a list."""
    return {
        name: list(items), "total": len(items) + more, "total_capped": False, "limit": 50, "offset": 0,
        "has_more": more, "next_offset": None,
    }  # fmt: skip


def _session_fields() -> dict[str, Any]:
    return {
        "repository": None, "branch": None, "labels": {}, "mode": "task", "config": {"agent": "demo", "cpu_limit": None},
        "reuse_session": False, "session_id": None, "auto_delete_on_complete": None, "auto_delete_after_hours": None,
        "created_at": AT, "updated_at": AT, "version": 1, "owner": "ann",
    }  # fmt: skip


def webhook(**more: Any) -> dict[str, Any]:
    """Return a webhook."""
    return _session_fields() | {
        "webhook_id": "hook-1", "delivery_url": "http://127.0.0.1:1/webhooks/hook-1", "name": "review",
        "enabled": True, "events": ["pull_request"], "actions": ["opened"], "repositories": ["acme/*"], "branches": [],
        "pull_request_labels": [], "paths": [], "senders": [], "ignore_bots": True, "condition": None,
        "message": "Look at {{ number }}\nand tell", "reuse_key": None, "max_dispatches_per_hour": 60,
        "secret_rotated_at": None, "old_secret_until": None, "deliveries": 3, "last_delivery_at": AT,
        "last_outcome": "ignored",
    } | more  # fmt: skip


def delivery(outcome: str = "dispatched", **more: Any) -> dict[str, Any]:
    """Return a delivery in full."""
    verdicts = [
        {"filter": "event", "passed": True, "wanted": ["pull_request"], "found": ["pull_request"],
         "message": {"ja": "はい", "en": "It is one."}},
        {"filter": "branch", "passed": False, "wanted": ["main"], "found": ["x\x1b[2J"],
         "message": {"ja": "いいえ", "en": "It goes elsewhere."}},
    ]  # fmt: skip
    return {
        "delivery_id": "dlv-1", "webhook_id": "hook-1", "github_delivery": "g-1", "event": "pull_request",
        "action": "opened", "repository": "acme/app", "ref": "#12", "sender": "bob", "received_at": AT,
        "processed_at": AT, "size_bytes": 2048, "outcome": outcome, "reason": None, "reason_message": None,
        "place": None, "waiting_for": None, "duplicate_of": None, "session_id": "session-ann-1",
        "prompt_id": "prompt-1", "dispatch_id": "disp-1", "replays": 0, "filters": verdicts,
        "message": "Review it\x07", "headers": {}, "payload": {"number": 12}, "payload_truncated": False,
    } | more  # fmt: skip


def tried(outcome: str = "dispatched", **more: Any) -> dict[str, Any]:
    """Return what a test says."""
    return {
        "outcome": outcome, "reason": None, "sentence": {"ja": "始まります。", "en": "It would start a new session."},
        "filters": delivery()["filters"], "message": "Review it", "reuse_key": "acme/app#12", "target": "key acme/app#12",
        "session_id": None, "repository": "https://github.com/acme/app.git", "branch": None, "payload": None,
    } | more  # fmt: skip


def run(outcome: str = "succeeded", **more: Any) -> dict[str, Any]:
    """Return a run of a schedule."""
    return {
        "run_id": "run-1", "schedule_id": "sched-1", "trigger": "tick", "tick_at": AT, "missed_until": None,
        "missed_count": None, "fired_at": AT, "late_seconds": 0.0, "outcome": outcome, "reason": None,
        "reason_message": None, "waiting_for": None, "dispatch_id": "disp-1", "session_id": "session-ann-1",
        "prompt_id": "prompt-1", "started_at": AT, "ended_at": AT, "duration_seconds": 75.0,
    } | more  # fmt: skip


def schedule(**more: Any) -> dict[str, Any]:
    """Return a schedule."""
    return _session_fields() | {
        "schedule_id": "sched-1", "name": "nightly", "enabled": True, "cron": "0 3 * * *", "timezone": "Asia/Tokyo",
        "message": "Run the tests", "overlap": "skip", "catch_up_seconds": 3600, "jitter_seconds": 0, "starts_at": None,
        "ends_at": None, "next_run_at": "2026-01-02T18:00:00.000Z",
        "next_runs": ["2026-01-02T18:00:00.000Z", "2026-01-03T18:00:00.000Z"], "last_run": run(),
        "warnings": [{"ja": "短すぎます。", "en": "The time limit is short."}],
    } | more  # fmt: skip


def dispatch(state: str = "waiting", **more: Any) -> dict[str, Any]:
    """Return a dispatch."""
    return {
        "dispatch_id": "disp-1", "state": state, "waiting_for": "place" if state == "waiting" else None,
        "source": {"kind": "webhook", "id": "hook-1", "name": "review", "delivery_id": "dlv-1", "run_id": None},
        "place": 2 if state == "waiting" else None, "message": "Review it\nwith care", "target": "new",
        "session_id": None, "session_created": None, "prompt_id": None, "failure": None, "created_at": AT,
        "resolved_at": None, "version": 1,
    } | more  # fmt: skip
