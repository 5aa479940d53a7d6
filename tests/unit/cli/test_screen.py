"""The agent's words alone on stdout, and nothing that commands the terminal."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from ccplant_cli.chat.screen import Screen
from ccplant_cli.chat.transcript import PlanSeen, Said, ToolSeen, TurnSeen
from ccplant_cli.terminal import harmless


def screen() -> tuple[Screen, io.StringIO, io.StringIO]:
    words, notes = io.StringIO(), io.StringIO()
    return Screen(words, notes), words, notes


def test_pieces_of_a_message_join_and_its_end_ends_the_line() -> None:
    view, words, notes = screen()
    view.show(Said("agent", "m", "Hello, "))
    view.show(Said("agent", "m", "world."))
    view.show(Said("agent", "m", "", final=True))
    assert words.getvalue() == "Hello, world.\n"
    assert notes.getvalue() == ""


def test_everything_but_the_answer_goes_beside_it() -> None:
    view, words, notes = screen()
    view.show(Said("thought", "t", "hm", final=True))
    view.show(Said("agent", "m", "Looking"))
    view.show(ToolSeen("Run tests", "completed", "ok"))
    view.show(PlanSeen((("completed", "read"), ("pending", "write"))))
    view.show(Said("agent", "m", " done", final=True))
    view.show(TurnSeen("p", "done"))
    assert words.getvalue() == "Looking done\n"
    assert notes.getvalue() == "✻ hm\n✓ Run tests  ok\n☑ read\n☐ write\n"


def test_the_end_of_one_message_does_not_break_the_line_of_another() -> None:
    view, words, _ = screen()
    view.show(Said("thought", "t", "hm"))
    view.show(Said("agent", "m", "I have "))
    view.show(Said("thought", "t", "", final=True))
    view.show(Said("agent", "m", "thought.", final=True))
    assert words.getvalue() == "I have thought.\n"


def test_a_status_waits_for_the_end_of_the_line_in_which_the_agent_is() -> None:
    both = io.StringIO()
    view = Screen(both, both)
    view.aside("● pending")
    view.show(Said("agent", "m", "This is "))
    view.aside("● running")
    assert view.speaking
    view.show(Said("agent", "m", "a demo.\n"))
    view.aside("● completed")
    view.show(Said("agent", "m", "Bye", final=True))
    assert both.getvalue() == "● pending\nThis is a demo.\n● running\n● completed\nBye\n"


def test_a_lost_connection_is_told_at_once_without_a_trace_in_the_answer() -> None:
    view, words, notes = screen()
    view.show(Said("agent", "m", "This is "))
    view.aside("lost", urgent=True)
    assert notes.getvalue() == "lost\n"
    view.show(Said("agent", "m", "a demo.", final=True))
    assert words.getvalue() == "This is a demo.\n"


@given(st.text())
def test_no_control_character_of_an_agent_reaches_the_terminal(text: str) -> None:
    view, words, notes = screen()
    view.show(Said("agent", "m", text, final=True))
    view.show(ToolSeen(text, "failed", text))
    for shown in (words.getvalue(), notes.getvalue()):
        assert not any(
            (ord(c) < 0x20 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066" for c in shown
        )


def test_an_escape_sequence_is_shown_disarmed() -> None:
    assert harmless("\x1b]0;owned\x07\x1b[2Jhi\r\n\t\u202eabc") == "�]0;owned��[2Jhi\n\t�abc"


def test_japanese_spaces_and_joined_emoji_stay() -> None:
    assert harmless("全角\u3000空白 👩\u200d💻") == "全角\u3000空白 👩\u200d💻"
