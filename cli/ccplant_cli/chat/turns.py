"""Which prompts are open, and how each one ended.

A prompt's document may say that it is over before the last text has arrived, because state and stream travel apart. So an
end counts when the stream has told it too, or when nothing more can come.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ccplant_cli.chat.transcript import TurnSeen
from ccplant_cli.documents import Document

OPEN = ("queued", "delivering", "in_progress")
NEVER_BEGUN = ("removed", "undelivered")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a prompt ended."""

    state: str
    error: str = ""


@dataclass(slots=True)
class Turns:
    """The prompts of one session, as far as a viewer knows them."""

    _documents: dict[str, Document] = field(default_factory=dict)
    _told: dict[str, Outcome] = field(default_factory=dict)

    def prompt(self, document: Document) -> None:
        """Take a prompt's document; an older version than the known one is ignored."""
        prompt_id = document.text("prompt_id")
        known = self._documents.get(prompt_id)
        if prompt_id and (known is None or known.integer("version") <= document.integer("version")):
            self._documents[prompt_id] = document

    def turn(self, seen: TurnSeen) -> None:
        """Take what the stream says about a turn."""
        if seen.prompt_id and seen.state != "started":
            self._told[seen.prompt_id] = Outcome(seen.state, seen.error)

    def under_way(self) -> str | None:
        """Return the prompt that a cancel would mean: the first one that is open."""
        candidates = [
            document
            for prompt_id, document in self._documents.items()
            if document.text("state") in OPEN and prompt_id not in self._told
        ]
        first = min(candidates, key=lambda document: document.integer("number"), default=None)
        return None if first is None else first.text("prompt_id")

    def outcome(self, prompt_id: str) -> Outcome | None:
        """Return how a prompt ended, once all of its text has been seen."""
        told = self._told.get(prompt_id)
        if told is not None:
            return told
        document = self._documents.get(prompt_id, Document())
        over = document.text("state") in NEVER_BEGUN
        never_begun = document.text("state") == "cancelled" and "started_at" not in document
        return self.last_word(prompt_id) if over or never_begun else None

    def last_word(self, prompt_id: str) -> Outcome | None:
        """Return how a prompt ended as its document says, whether or not the stream has told it yet."""
        document = self._documents.get(prompt_id, Document())
        state = document.text("state")
        return Outcome(state, document.text("error")) if state and state not in OPEN else None
