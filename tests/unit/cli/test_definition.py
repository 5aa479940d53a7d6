"""A definition from a file means what it says, in JSON and in YAML, and options win over it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_cli.commands.session_options import SessionOptions
from ccplant_cli.commands.trigger_options import TriggerOptions, cleared
from ccplant_cli.definition import as_yaml, overlaid, read_definition
from ccplant_cli.exits import CliError, Exit

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_", min_size=1), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def written(tmp_path: Path, text: str, name: str = "d.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("plain", "meant"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("True", "True"), ("true", True), ("false", False),
        ("null", None), ("~", None), ("", None), ("010", "010"), ("10:30", "10:30"), ("2026-01-02", "2026-01-02"),
        ("0 9 * * 1-5", "0 9 * * 1-5"), ("@daily", None), ("60", 60), ("-3", -3), ("1.5", 1.5), ("1_000", "1_000"),
        ("4Gi", "4Gi"), ("0x10", "0x10"), (".inf", ".inf"), ("'*/5 * * * *'", "*/5 * * * *"), ("a#b", "a#b"),
    ],
)  # fmt: skip
def test_a_plain_word_is_what_it_looks_like_in_json_and_else_a_text(
    tmp_path: Path, plain: str, meant: object
) -> None:
    path = written(tmp_path, f"x: {plain}\n")
    if plain == "@daily":  # YAML keeps this character for itself: it says so instead of guessing
        with pytest.raises(CliError) as caught:
            read_definition(path)
        assert "quotes" in caught.value.message
        return
    assert read_definition(path) == {"x": meant}


@pytest.mark.parametrize("cron", ["*/5 * * * *", "@hourly", "{{ x }}"])
def test_what_needs_quotes_is_told_with_its_place(tmp_path: Path, cron: str) -> None:
    with pytest.raises(CliError) as caught:
        read_definition(written(tmp_path, f"name: n\ncron: {cron}\n"))
    assert caught.value.code is Exit.USAGE
    assert "quotes" in caught.value.message or cron.startswith("{")


@pytest.mark.parametrize(
    "text", ["", "- a\n- b\n", "just words", "[1, 2]", "a: !!python/object/apply:os.system [x]"]
)
def test_what_is_no_definition_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CliError) as caught:
        read_definition(written(tmp_path, text))
    assert caught.value.code is Exit.USAGE


def test_json_with_tabs_is_json_whatever_the_file_is_called(tmp_path: Path) -> None:
    assert read_definition(written(tmp_path, '{\n\t"name": "n"\n}')) == {"name": "n"}
    with pytest.raises(CliError):
        read_definition(written(tmp_path, "name: n", "d.json"))


def test_a_definition_can_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("name: piped\n"))
    assert read_definition(Path("-")) == {"name": "piped"}


@given(st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=8), VALUES, min_size=1, max_size=5))
def test_a_definition_that_was_written_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, definition: dict[str, object]
) -> None:
    path = written(tmp_path_factory.mktemp("yaml"), as_yaml(definition))
    assert read_definition(path) == definition


def test_a_text_of_several_lines_is_written_as_it_stands() -> None:
    assert as_yaml({"message": "one\ntwo\n"}) == "message: |\n  one\n  two\n"


def test_options_win_over_the_file_and_config_part_by_part() -> None:
    file = {"name": "a", "events": ["push"], "config": {"agent": "demo", "memory_limit": "1Gi"}}
    assert overlaid(file, {"name": "b", "config": {"memory_limit": "2Gi"}}) == {
        "name": "b", "events": ["push"], "config": {"agent": "demo", "memory_limit": "2Gi"},
    }  # fmt: skip
    assert overlaid({"name": "a"}, {}) == {"name": "a"}


def test_what_is_taken_back_is_nothing_and_parts_of_config_too() -> None:
    assert cleared(["condition", "config.memory_limit"]) == {
        "condition": None,
        "config": {"memory_limit": None},
    }
    assert cleared(None) == {}


@pytest.mark.parametrize(
    ("trigger", "own", "reuse"),
    [
        (TriggerOptions(), {}, None),
        (TriggerOptions(session="review"), {}, True),
        (TriggerOptions(), {"reuse_key": "{{ number }}"}, True),
        (TriggerOptions(reuse=False), {}, False),
        (TriggerOptions(reuse=False, session="review"), {}, False),
    ],
)
def test_naming_a_session_or_a_key_means_reuse_unless_told_otherwise(
    trigger: TriggerOptions, own: dict[str, object], reuse: bool | None
) -> None:
    assert trigger.definition(SessionOptions(), own).get("reuse_session") is reuse


@pytest.mark.parametrize(
    ("trigger", "mode"),
    [(TriggerOptions(), "rules"), (TriggerOptions(reuse=True), "ask")],
)
def test_rules_without_a_policy_mean_what_they_do_for_a_session_of_that_mode(
    trigger: TriggerOptions, mode: str
) -> None:
    fields = trigger.definition(SessionOptions(allow=["Read"]), {})
    assert json.loads(json.dumps(fields["config"])) == {
        "permission_policy": {"mode": mode, "allow": ["Read"]}
    }
