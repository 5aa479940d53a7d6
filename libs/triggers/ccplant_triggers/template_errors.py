"""What is wrong with a template, with its line and what to write instead, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from ccplant_contracts.sentences import Text
from ccplant_contracts.trigger_messages import template_problem


class TemplateError(ValueError):
    """A template that is refused, or that failed on a payload.

    `problem` and `facts` are what a record keeps (the sentence is made from them when it is read); `field` is the
    definition's field, where it is known.
    """

    def __init__(
        self, problem: str, line: int | None = None, *, field: str | None = None, **facts: str
    ) -> None:
        self.problem = problem
        self.line = line
        self.field = field
        self.facts: Mapping[str, str] = facts
        super().__init__(self.message)

    @property
    def text(self) -> Text:
        """Return the sentence in both languages, with the field and the line."""
        return template_problem(self.problem, field=self.field, line=self.line, facts=self.facts)

    @property
    def message(self) -> str:
        """Return the English sentence."""
        return self.text.en

    def of_field(self, field: str) -> TemplateError:
        """Return the same, said of a definition's field."""
        return TemplateError(self.problem, self.line, field=field, **self.facts)
