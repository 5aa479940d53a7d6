"""Small decisions of the gateway, each with the failure that it prevents."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from ccplant_api.errors.envelope import error_response
from ccplant_api.events.feed import Feed
from ccplant_api.http.base_url import base_url, connection_url
from ccplant_api.http.context import RequestContext
from ccplant_api.live.rate import Allowance
from ccplant_api.live.since import parse_since
from ccplant_api.permissions.answering import chosen
from ccplant_api.sessions.creation import check_config
from ccplant_api.settings import ApiSettings
from ccplant_contracts.errors import InvalidRequestError
from ccplant_contracts.events import LifecycleEvent
from ccplant_contracts.prompt import PermissionOption
from ccplant_contracts.session import SessionConfig

AT = datetime(2026, 1, 1, tzinfo=UTC)


def connection(scheme: str = "http", **headers: str) -> HTTPConnection:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "scheme": scheme,
        "path": "/",
        "query_string": b"",
        "headers": raw,
        "server": ("x", 1),
    }
    return HTTPConnection(scope)


@pytest.mark.parametrize(
    ("settings", "asked", "expected"),
    [
        (ApiSettings(), connection(host="cc.example:8080"), "http://cc.example:8080"),
        (ApiSettings(), connection("https", host="cc.example"), "https://cc.example"),
        (ApiSettings(), connection(host="cc.example", x_forwarded_proto="https"), "http://cc.example"),
        (
            ApiSettings(trust_proxy_headers=True),
            connection(host="inner", x_forwarded_proto="https", x_forwarded_host="cc.example"),
            "https://cc.example",
        ),
        (ApiSettings(public_base_url="https://cc.example/"), connection(host="other"), "https://cc.example"),
        (ApiSettings(), connection(host="evil/../<x>"), "http://127.0.0.1:8080"),
        (ApiSettings(), connection(host="[::1]:8080"), "http://[::1]:8080"),
    ],
)
def test_the_address_that_a_client_is_told_is_the_one_it_used(
    settings: ApiSettings, asked: HTTPConnection, expected: str
) -> None:
    assert base_url(asked, settings) == expected
    assert connection_url(expected, "s").startswith("wss://" if expected.startswith("https") else "ws://")


@pytest.mark.parametrize("text", ["-1", "1.5", "x", " 1", "１", "9" * 17, "+1", "0x1"])
def test_a_since_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        parse_since(text)


def test_an_absent_since_is_from_now_and_zero_is_from_the_beginning() -> None:
    assert (parse_since(None), parse_since(""), parse_since("0"), parse_since("17")) == (None, None, 0, 17)


def test_frames_are_allowed_at_the_rate_and_no_faster() -> None:
    allowance = Allowance(per_second=2, burst=3)
    assert [allowance.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [allowance.take(1.0) for _ in range(3)] == [True, True, False]


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_no_details_can_make_the_error_itself_fail(text: str) -> None:
    error = InvalidRequestError(text, details={text: [text, {text: 2**80}], "deep": [[[[[[[[[[text]]]]]]]]]]})
    body = json.loads(bytes(error_response(error, "req-1").body))
    assert body["error"]["code"] == "INVALID_REQUEST"


def test_an_option_is_chosen_by_its_id_before_its_kind() -> None:
    options = [
        PermissionOption(option_id="reject_once", name="odd", kind="allow_once"),
        PermissionOption(option_id="b", name="no", kind="reject_once"),
    ]
    assert chosen(options, "b").option_id == "b"
    assert chosen(options, "allow_once").option_id == "reject_once"
    assert chosen(options, "reject_once").name == "odd"
    with pytest.raises(InvalidRequestError):
        chosen(options, "allow_always")


def test_the_default_agent_is_filled_in_and_an_unknown_one_is_told_the_known_ones() -> None:
    settings = ApiSettings(known_agents="demo", default_agent="other")
    assert check_config(SessionConfig(), settings).agent == "other"
    with pytest.raises(InvalidRequestError) as refusal:
        check_config(SessionConfig(agent="third"), settings)
    assert refusal.value.details["known_agents"] == ["demo", "other"]


class FakeOutbox:
    def __init__(self, events: list[LifecycleEvent]) -> None:
        self.events = events

    async def of_owner(
        self, owner: str, *, after_id: str | None, since: datetime | None = None, limit: int
    ) -> list[LifecycleEvent]:
        ids = [event.id for event in self.events]
        start = ids.index(after_id) if after_id in ids else 0
        return [event for event in self.events[start:] if since is None or event.time >= since][:limit]


def lifecycle(number: int) -> LifecycleEvent:
    return LifecycleEvent(
        id=f"evt-{number}", type="session.running", session_id="s", owner="o", sequence=number,
        time=AT + timedelta(seconds=number), data={},
    )  # fmt: skip


@given(st.lists(st.sampled_from(["heard", "lost", "twice", "again"]), max_size=30), st.booleans())
def test_a_reader_of_events_misses_none_and_gets_none_twice(steps: list[str], resumed: bool) -> None:
    import asyncio

    async def play() -> None:
        outbox = FakeOutbox([lifecycle(0)])
        feed = Feed("o", outbox, "evt-0" if resumed else None, AT + timedelta(seconds=1))
        got: list[str] = []
        for number, step in enumerate(steps, start=1):
            outbox.events.append(lifecycle(number))
            if step == "again":
                feed.read_again()
            elif step != "lost":
                for _ in range(2 if step == "twice" else 1):
                    feed.hear(lifecycle(number))
        feed.read_again()
        for _ in range(len(steps) * 2 + 3):
            got += [event.id for event in await feed.next(0)]
        assert got == [f"evt-{number}" for number in range(1, len(steps) + 1)]

    asyncio.run(play())


def test_the_outermost_layer_is_ours() -> None:
    from ccplant_api.main import create_app

    outermost: object = create_app(ApiSettings()).user_middleware[0].cls
    assert outermost is RequestContext


@pytest.mark.parametrize(
    ("allowed", "image", "allows"),
    [
        ("", "ghcr.io/team/tools:1", False),
        ("ghcr.io/team/tools:1", "ghcr.io/team/tools:1", True),
        ("ghcr.io/team/tools:1", "ghcr.io/team/tools:10", False),
        ("other, ghcr.io/team/*", "ghcr.io/team/tools:1", True),
        ("ghcr.io/team/*", "ghcr.io/teamster", False),
    ],
)
def test_only_allowed_images_can_be_named(allowed: str, image: str, allows: bool) -> None:
    settings = ApiSettings(runtime="kubernetes", allowed_images=allowed)
    config = SessionConfig(image=image)
    if allows:
        assert check_config(config, settings).image == image
        return
    with pytest.raises(InvalidRequestError, match="allowed here"):
        check_config(config, settings)


def test_there_are_no_images_on_the_local_runtime() -> None:
    with pytest.raises(InvalidRequestError, match="has no images"):
        check_config(SessionConfig(image="any"), ApiSettings(allowed_images="*"))
