"""What a chat looks like: the agent's words on stdout, everything else on stderr.

So `ccplant session chat … > answer.txt` holds the answer alone. What comes from an agent is untrusted: characters that
would command the terminal are never written.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

from ccplant_cli.chat.transcript import Item, Noticed, PlanSeen, Said, ToolSeen, TurnSeen
from ccplant_cli.language import say
from ccplant_cli.terminal import harmless

_COLOURS = {"dim": "2", "bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
_TOOL = {"in_progress": ("⚙", "cyan"), "completed": ("✓", "green"), "failed": ("✗", "red")}
_STEP = {"pending": "☐", "in_progress": "◐", "completed": "☑"}


class Screen:
    """Writes the items of a conversation as they come."""

    def __init__(self, words: TextIO | None = None, notes: TextIO | None = None) -> None:
        self._words = sys.stdout if words is None else words
        self._notes = sys.stderr if notes is None else notes
        self._open: tuple[TextIO, str] | None = None
        """The stream and the message in whose line we are."""
        self._last = "\n"
        self._held: list[tuple[str, str]] = []
        """What waits for the end of that line."""

    @property
    def speaking(self) -> bool:
        """Tell whether the agent is in the middle of a line."""
        return self._open is not None and self._open[0] is self._words and self._last != "\n"

    def show(self, item: Item) -> None:
        """Write one item."""
        match item:
            case Said():
                self._said(item)
            case ToolSeen(title, state, detail):
                sign, colour = _TOOL.get(state, ("⚙", "cyan"))
                self.aside(f"{sign} {title}" + (f"  {detail}" if detail else ""), colour)
            case PlanSeen(steps):
                for state, text in steps:
                    self.aside(f"{_STEP.get(state, '☐')} {text}", "blue")
            case TurnSeen(_, state, error):
                if state != "started":
                    self.end_line()
                if state in ("failed", "interrupted", "cancelled"):
                    told = say(f"turn.{state}")
                    self.line(f"{told}: {error}" if error else told, "red" if state == "failed" else "yellow")
            case Noticed(level, text):
                self.line(text, {"warning": "yellow", "error": "red"}.get(level, "dim"))

    def line(self, text: str, colour: str = "dim") -> None:
        """Write a line of its own beside the conversation."""
        self.end_line()
        self._note(text, colour)

    def aside(self, text: str, colour: str = "dim", *, urgent: bool = False) -> None:
        """Write what is not said, such as a status or a tool call, without cutting the agent's line in two.

        It comes late by a line at most; a preview of that line may well have overtaken it.
        """
        if not self.speaking:
            self.line(text, colour)
        elif not urgent:
            self._held.append((text, colour))
        elif self._words.isatty():
            self.line(text, colour)
        else:
            self._note(text, colour)

    def ask(self, text: str) -> None:
        """Write something that waits for typing behind it."""
        self.end_line()
        self._notes.write(self._paint(self._notes, harmless(text), "bold"))
        self._notes.flush()
        self._open = (self._notes, "")
        self._last = " "

    def typed(self) -> None:
        """Know that the person pressed Enter, which ended the line."""
        self._last = "\n"
        self._open = None

    def end_line(self) -> None:
        """End the line that is open."""
        if self._open is not None and self._last != "\n":
            self._open[0].write("\n")
            self._open[0].flush()
        self._open, self._last = None, "\n"
        self._let_out()

    def _let_out(self) -> None:
        held, self._held = self._held, []
        for text, colour in held:
            self._note(text, colour)

    def _note(self, text: str, colour: str) -> None:
        self._notes.write(self._paint(self._notes, harmless(text), colour) + "\n")
        self._notes.flush()

    def _said(self, said: Said) -> None:
        stream = self._words if said.voice == "agent" else self._notes
        text = harmless(said.text)
        if text:
            fresh = self._open is None or self._open[1] != said.message_id
            if fresh:
                self.end_line()
                self._open = (stream, said.message_id)
                if said.voice != "agent":
                    text = ("› " if said.voice == "user" else "✻ ") + text
            colour = {"agent": "", "user": "bold", "thought": "dim"}[said.voice]
            stream.write(self._paint(stream, text, colour))
            stream.flush()
            self._last = text[-1]
            if not self.speaking:
                self._let_out()
        if said.final and self._open is not None and self._open[1] == said.message_id:
            self.end_line()

    @staticmethod
    def _paint(stream: TextIO, text: str, colour: str) -> str:
        if not colour or not text or not stream.isatty() or os.environ.get("NO_COLOR"):
            return text
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"
