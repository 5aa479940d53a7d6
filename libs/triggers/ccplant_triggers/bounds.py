"""How much a template may do: a number of steps, and texts of a bounded length; the two bounds that everything
else follows from.

Each node that is evaluated is a step, each item of a list that is looked at, and each kibibyte of text: so
neither loops within loops nor one filter on a long text can take more than a fraction of a second, and what is
counted does not depend on the machine.
"""

from __future__ import annotations

from ccplant_triggers.template_errors import TemplateError
from ccplant_triggers.values import text_of

MAX_STEPS = 100_000
MAX_ITEMS = 1_000
"""Of one list, in `for` and in filters; the others are left out."""
MAX_TEXT = 65_536
"""Characters of one value: as long as the longest text that GitHub takes."""


class Steps:
    """What is left of the steps of one rendering."""

    __slots__ = ("left",)

    def __init__(self, count: int = MAX_STEPS) -> None:
        self.left = count

    def spend(self, count: int = 1) -> None:
        """Take some.

        Raises:
            TemplateError: there are none left.
        """
        self.left -= count
        if self.left < 0:
            raise TemplateError("too_much_work")

    def read(self, text: str) -> None:
        """Take those for going through a text once."""
        self.spend(1 + len(text) // 1_024)

    def find(self, text: str, part: str) -> None:
        """Take those for looking for one text in another, which may look at each character several times."""
        self.spend(1 + len(text) * min(len(part), 100) // 2_048)

    def text(self, value: object) -> str:
        """Return the text of a value, cut at `MAX_TEXT`, and take the steps of that."""
        text = text_of(value, MAX_TEXT)
        # JSON is made of many small parts, which are more than reading it
        self.spend(1 + len(text) // (1_024 if isinstance(value, str) else 4))
        return text
