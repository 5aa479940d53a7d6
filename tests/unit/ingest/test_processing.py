"""What is judged on the event loop, for which all other deliveries wait."""

from __future__ import annotations

from typing import Any

import pytest

from ccplant_contracts.webhook import CreateWebhook
from ccplant_webhook_ingest.processing import is_quick

HEAVY: dict[str, dict[str, Any]] = {
    "patterns": {"branches": tuple(f"**/{number}*/**/x?" for number in range(50))},
    "paths": {"paths": ("src/**",)},
    "a loop": {"message": "{% for commit in commits %}{{ commit.message }}{% endfor %}"},
    "a large payload": {},
}


@pytest.mark.parametrize("kind", HEAVY)
def test_what_may_take_long_is_not_judged_on_the_event_loop(kind: str) -> None:
    definition = CreateWebhook(name="x", events=("push",), **HEAVY[kind])
    assert not is_quick(definition, 90_000 if kind == "a large payload" else 10_000)


def test_a_usual_delivery_is_judged_without_the_way_through_a_thread() -> None:
    definition = CreateWebhook(
        name="x", events=("push",), branches=("main", "release/*"), message="{{ ref }}"
    )
    assert is_quick(definition, 10_000)
