"""A mask that comes back keeps the secret behind it, never shows it, and never stands for nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_api.sessions.creation import check_config
from ccplant_api.sessions.unmasking import check_masks, unmasked
from ccplant_api.settings import ApiSettings
from ccplant_contracts.errors import InvalidRequestError
from ccplant_contracts.session import MASK, SessionConfig

REMOTE = {"type": "http", "url": "https://mcp.example/one", "headers": {"Authorization": "Bearer s3cret"}}
PROGRAM = {"type": "stdio", "command": "npx", "args": ["a"], "env": {"TOKEN": "t0ken"}}
KNOWN: dict[str, Any] = {
    "env": {"SECRET": {"value": "s", "secret": True}, "SHOWN": {"value": "v", "secret": False}},
    "mcp_servers": {"remote": REMOTE, "program": PROGRAM},
    "setup_script": "make",
}


@pytest.mark.parametrize(
    "wanted",
    [MASK, {"value": MASK}, {"value": MASK, "secret": True}],
)
def test_a_masked_variable_means_as_it_was(wanted: object) -> None:
    assert unmasked({"env": {"SECRET": wanted}}, KNOWN) == {"env": {"SECRET": KNOWN["env"]["SECRET"]}}


def test_a_server_keeps_its_masked_secrets_while_other_parts_of_it_change() -> None:
    wanted = {
        "program": {**PROGRAM, "args": ["b"], "env": {"TOKEN": MASK, "MORE": "m"}},
        "remote": {**REMOTE, "url": "https://mcp.example/two", "headers": {"Authorization": MASK}},
    }
    kept = unmasked({"mcp_servers": wanted}, KNOWN)["mcp_servers"]
    assert kept["program"]["env"] == {"TOKEN": "t0ken", "MORE": "m"}
    assert kept["remote"] == {**REMOTE, "url": "https://mcp.example/two"}


def refused(changes: dict[str, Any]) -> list[dict[str, Any]]:
    config = SessionConfig.model_validate({**KNOWN, **unmasked(changes, KNOWN)})
    with pytest.raises(InvalidRequestError) as refusal:
        check_masks(config)
    fields = refusal.value.details["fields"]
    assert isinstance(fields, list)
    assert all("***" in each["text"]["ja"] for each in fields), fields
    return fields


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"env": {"SECRET": {"value": MASK, "secret": False}}}, "config.env.SECRET.value"),
        ({"env": {"NEW": MASK}}, "config.env.NEW.value"),
        ({"env": {"NEW": {"value": MASK, "secret": False}}}, "config.env.NEW.value"),
        ({"mcp_servers": {"new": {**PROGRAM, "env": {"TOKEN": MASK}}}}, "config.mcp_servers.new.env.TOKEN"),
        (
            {"mcp_servers": {"program": {**PROGRAM, "command": "other", "env": {"TOKEN": MASK}}}},
            "config.mcp_servers.program.env.TOKEN",
        ),
        (
            {"mcp_servers": {"program": {**PROGRAM, "env": {"OTHER": MASK}}}},
            "config.mcp_servers.program.env.OTHER",
        ),
        *(
            (
                {"mcp_servers": {"remote": {**REMOTE, **other, "headers": {"Authorization": MASK}}}},
                "config.mcp_servers.remote.headers.Authorization",
            )
            for other in (
                {"url": "https://elsewhere.example/one"},
                {"url": "http://mcp.example/one"},
                {"url": "https://mcp.example:8443/one"},
                {"type": "sse"},
            )
        ),
    ],
)
def test_a_secret_is_neither_shown_nor_given_to_another_nor_made_of_a_mask(
    changes: dict[str, Any], field: str
) -> None:
    assert [each["field"] for each in refused(changes)] == [field]


def test_every_mask_that_stands_for_nothing_is_named() -> None:
    changes = {"env": {"A": MASK, "B": MASK, "C": "c"}, "mcp_servers": {"m": {**PROGRAM, "env": {"T": MASK}}}}
    assert [each["field"] for each in refused(changes)] == [
        "config.env.A.value", "config.env.B.value", "config.mcp_servers.m.env.T",
    ]  # fmt: skip


def test_a_new_configuration_cannot_be_made_of_masks() -> None:
    shown = SessionConfig.model_validate(KNOWN).masked()
    with pytest.raises(InvalidRequestError):
        check_config(shown, ApiSettings())


def test_stars_mean_a_secret_only_where_secrets_are_masked() -> None:
    assert unmasked({"setup_script": MASK, "env": None}, KNOWN) == {"setup_script": MASK, "env": None}
    shown = unmasked({"env": {"SHOWN": {"value": MASK, "secret": False}}}, KNOWN)
    assert shown == {"env": {"SHOWN": {"value": "v", "secret": False}}}


VALUES = st.text(alphabet="abc", min_size=1, max_size=3)
ENV = st.dictionaries(
    st.sampled_from(["A", "B"]), st.fixed_dictionaries({"value": VALUES, "secret": st.booleans()})
)
SERVERS = st.dictionaries(
    st.sampled_from(["x", "y"]),
    st.builds(
        lambda url, headers: {"type": "http", "url": url, "headers": headers},
        st.sampled_from(["https://one.example", "https://two.example/p"]),
        st.dictionaries(st.sampled_from(["H", "I"]), VALUES),
    ),
)
CONFIG = st.builds(lambda env, servers: {"env": env, "mcp_servers": servers}, ENV, SERVERS)


@given(CONFIG)
def test_what_was_shown_can_be_sent_back_whole_and_changes_nothing(known: dict[str, Any]) -> None:
    stored = SessionConfig.model_validate(known)
    sent = stored.masked().model_dump(mode="json")
    assert SessionConfig.model_validate(unmasked(sent, stored.model_dump(mode="json"))) == stored


JSON = st.recursive(
    st.none() | st.booleans() | st.just(MASK) | VALUES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["env", "mcp_servers", "A", "x", "value", "secret", "headers", "H", "url"]), inner, max_size=3
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["env", "mcp_servers"]), JSON), CONFIG)
def test_no_change_makes_a_stored_secret_public_or_fails(
    changes: dict[str, Any], known: dict[str, Any]
) -> None:
    stored = SessionConfig.model_validate(known).model_dump(mode="json")
    secrets = {name for name, item in stored["env"].items() if item["secret"]}
    after = unmasked(changes, stored).get("env")
    given_env = changes.get("env")
    if not isinstance(after, dict) or not isinstance(given_env, dict):
        return
    for name in secrets & after.keys():
        if isinstance(after[name], dict) and after[name].get("secret", True) is not True:
            assert after[name] == given_env[name]
