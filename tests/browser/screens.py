"""Every screen, and what must be there before it is worth looking at: axe and the pictures go through the same list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.backstage import Backstage, Json
from tests.browser.visitor import Visitor


@dataclass(frozen=True)
class Scene:
    """The ids of what was set up for a look at every screen."""

    working: str
    asking: str
    failed: str
    webhook: str
    schedule: str


@dataclass(frozen=True)
class Screen:
    """One look: an address, and what is done there before it."""

    name: str
    path: Callable[[Scene], str]
    then: Callable[[Visitor], None] | None = None


def set_up(backstage: Backstage) -> Scene:
    """Make something of every kind, so that no screen is empty."""
    asking = backstage.session(name="feature-auth-implementation", message="ask")
    working = backstage.session(name="bugfix-memory-leak", message="think")
    for word in (
        "plan",
        "tool",
        "echo **直りました。** テストは `pytest -q` で通ります。",
        "run git status --short",
    ):
        backstage.until(working, lambda session: session["agent_state"] == "ready")
        backstage.say(working, word)
    failed = backstage.failed_session(name="investigate-flaky-e2e")
    done = backstage.session(name="docs-ja-translation", message="echo done")
    backstage.post(f"/sessions/{done}/complete")
    webhook: Json = backstage.post(
        "/webhooks",
        {
            "name": "PR レビュー",
            "events": ["pull_request"],
            "message": "Review {{ pull_request.title }}",
        },
    )
    schedule = backstage.post(
        "/schedules",
        {"name": "夜間テスト", "cron": "0 3 * * 1-5", "timezone": "Asia/Tokyo", "message": "echo night"},
    )
    backstage.until(asking, lambda session: session["pending_permissions"] == 1)
    backstage.until(working, lambda session: session["pending_permissions"] == 1)
    return Scene(working, asking, failed, webhook["webhook_id"], schedule["schedule_id"])


def clear(backstage: Backstage, scene: Scene) -> None:
    """Remove what the end of a test does not."""
    backstage.delete(f"/webhooks/{scene.webhook}")
    backstage.delete(f"/schedules/{scene.schedule}")


def settled(page: Page) -> None:
    """Wait until a screen shows what it has to show."""
    expect(page.locator("[aria-busy=true]:visible")).to_have_count(0)
    expect(page.locator(".mantine-Skeleton-root:visible")).to_have_count(0)
    expect(page.get_by_role("heading").first).to_be_visible()
    page.evaluate("document.fonts.ready")


def _finder(person: Visitor) -> None:
    person.page.keyboard.press("Control+k")
    expect(person.page.get_by_role("dialog").get_by_role("button").first).to_be_visible()


def _keys(person: Visitor) -> None:
    person.page.keyboard.press("?")
    expect(person.page.get_by_role("dialog", name=person.words("keys.title"))).to_be_visible()


SCREENS = (
    Screen("dashboard", lambda _: "/"),
    Screen("finder", lambda _: "/", _finder),
    Screen("keys", lambda _: "/", _keys),
    Screen("sessions", lambda _: "/sessions"),
    Screen("session-history", lambda _: "/sessions/history"),
    Screen("session-new", lambda _: "/sessions/new"),
    Screen("session-chat", lambda scene: f"/sessions/{scene.working}"),
    Screen("session-permission", lambda scene: f"/sessions/{scene.asking}"),
    Screen("session-changes", lambda scene: f"/sessions/{scene.working}?tab=changes"),
    Screen("session-details", lambda scene: f"/sessions/{scene.working}?tab=details"),
    Screen("session-logs", lambda scene: f"/sessions/{scene.working}?tab=logs"),
    Screen("session-timeline", lambda scene: f"/sessions/{scene.working}?tab=timeline"),
    Screen("session-failed", lambda scene: f"/sessions/{scene.failed}"),
    Screen("volumes", lambda _: "/volumes"),
    Screen("webhooks", lambda _: "/webhooks"),
    Screen("webhook-new", lambda _: "/webhooks/new"),
    Screen("webhook", lambda scene: f"/webhooks/{scene.webhook}"),
    Screen("schedules", lambda _: "/schedules"),
    Screen("schedule-new", lambda _: "/schedules/new"),
    Screen("schedule", lambda scene: f"/schedules/{scene.schedule}"),
    Screen("settings", lambda _: "/settings"),
    Screen("not-found", lambda _: "/no/such/place"),
)
