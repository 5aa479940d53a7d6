"""Names: what is shown in terminals, pages and logs commands none of them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from ccplant_contracts.schedule import CreateSchedule
from ccplant_contracts.session import CreateSession
from ccplant_contracts.text import Name
from ccplant_contracts.webhook import CreateWebhook

COMMANDS = [
    "\x00",
    "\n",
    "\x1b",
    "\x7f",
    "\x85",
    "\x9b",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u202a",
    "\u2066",
    "\u2069",
]


@pytest.mark.parametrize("character", COMMANDS, ids=lambda character: f"U+{ord(character):04X}")
def test_no_name_commands_a_terminal_or_turns_a_line_around(character: str) -> None:
    name = f"nightly{character}build"
    for made in (
        lambda: CreateWebhook(name=name, events=("push",)),
        lambda: CreateSchedule(name=name, cron="@daily", message="x"),
        lambda: CreateSession(name=name),
    ):
        with pytest.raises(ValidationError, match=r"must be one line|NUL"):
            made()


@pytest.mark.parametrize(
    "name", ["夜間ビルド", "בנייה לילית", "\u200fבנייה\u200f", "👩‍💻", "می‌خواهم", "a b-c_d/é"]
)
def test_names_in_any_script_are_taken(name: str) -> None:
    assert TypeAdapter(Name).validate_python(name) == name
