"""Files that a person gives to a message: what they are called, how large they may be, and what is told of them (S2b, C3).

A name comes from anybody's machine and ends in a folder, a header, a page and an agent's prompt. So it is reduced once,
here, to one plain part of a path: nothing that climbs, hides, reverses what is read, or is too long for a disk.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from ccplant_contracts.base import Message, UtcTime

MAX_ATTACHMENTS = 10
"""Of one message."""
MAX_NAME_BYTES = 180
"""In UTF-8: disks take 255, and a number may have to be put behind a name."""
ATTACHMENT_BYTES = 10 << 20
"""Of one file, at most; a gateway may have a lower limit."""
UNKNOWN_MEDIA_TYPE = "application/octet-stream"

_PART = r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}"
_MEDIA_TYPE = re.compile(f"{_PART}/{_PART}")
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control, format (what turns the direction of reading among them), surrogates, private, unassigned, separators."""
_NO_NAMES = frozenset({"", ".", ".."})


class AttachmentRef(Message):
    """What a message tells of a file that it has."""

    attachment_id: str
    name: str
    media_type: str
    size_bytes: int


class Attachment(AttachmentRef):
    """A file that was uploaded to a session."""

    created_at: UtcTime


class AttachedFile(AttachmentRef):
    """The same with what its receiver compares it to."""

    sha256: str
    """Hexadecimal."""

    def ref(self) -> AttachmentRef:
        """Return what clients see of it."""
        return AttachmentRef(
            attachment_id=self.attachment_id,
            name=self.name,
            media_type=self.media_type,
            size_bytes=self.size_bytes,
        )


def _each_once(ids: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(ids)) != len(ids):
        raise ValueError("must name each attachment once")
    return ids


AttachmentId = Annotated[str, StringConstraints(pattern=r"^att-[a-z0-9]{16}$")]
AttachmentIds = Annotated[
    tuple[AttachmentId, ...], Field(max_length=MAX_ATTACHMENTS), AfterValidator(_each_once)
]
"""The files of a message, in the order in which the agent is told of them."""


def file_name(given: str) -> str:
    """Reduce any text to the name of a file; pure, and nothing happens to a name that it returned."""
    shown = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", given)
        if character.isspace() or unicodedata.category(character) not in _UNSHOWN
    )
    name = " ".join(shown.replace("\\", "/").rpartition("/")[2].split())
    name = _shortened(name)
    return "file" if name in _NO_NAMES else name


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix.encode()) > 20:
        stem, dot, suffix = name, "", ""
    room = MAX_NAME_BYTES - len(f"{dot}{suffix}".encode())
    return f"{stem.encode()[:room].decode('utf-8', 'ignore').rstrip()}{dot}{suffix}"


def media_type(given: str | None) -> str | None:
    """Return a file's media type without parameters, in lower case; None: that is none. Pure."""
    essence = (given or UNKNOWN_MEDIA_TYPE).partition(";")[0].strip().lower() or UNKNOWN_MEDIA_TYPE
    return essence if _MEDIA_TYPE.fullmatch(essence) else None
