"""Reading what the server answers, without trusting its shape and without a schema.

A newer server may send more, an older one less, and importing all models costs more than most commands take.
So a document is read field by field: what is absent or of another type reads as empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object."""

    fields: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | bytes) -> Document:
        """Read a JSON object; anything else reads as an empty one."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return cls()
        return cls.of(value)

    @classmethod
    def of(cls, value: object) -> Document:
        """Take a parsed value; anything but an object reads as an empty one."""
        return cls({str(name): item for name, item in value.items()}) if isinstance(value, Mapping) else cls()

    def __bool__(self) -> bool:
        return bool(self.fields)

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else default

    def number(self, name: str) -> float | None:
        """Return a number."""
        value = self.fields.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def integer(self, name: str, default: int = 0) -> int:
        """Return a whole number."""
        value = self.fields.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def flag(self, name: str) -> bool:
        """Tell whether a field is true."""
        return self.fields.get(name) is True

    def time(self, name: str) -> datetime | None:
        """Return a moment."""
        try:
            return datetime.fromisoformat(self.text(name))
        except ValueError:
            return None

    def inner(self, name: str) -> Document:
        """Return an object inside."""
        return Document.of(self.fields.get(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.fields.get(name)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

    def each(self, name: str) -> Iterator[Document]:
        """Go over a list of objects."""
        value = self.fields.get(name)
        if isinstance(value, list):
            yield from (Document.of(item) for item in value if isinstance(item, Mapping))
