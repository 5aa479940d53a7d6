"""A prompt as ACP has it: its text, a link to each file, and pictures as pictures where the agent can see them.

Every agent takes text and links. A picture is shown besides only when it is one by its first bytes: what a provider
cannot read as the picture that it is said to be fails the turn, and every one after it: it stays in the conversation.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from typing import Any

from ccplant_runner.agents.driver import PromptFile

MAX_PICTURE_BYTES = 3_500_000
"""Providers take 5 MB in base64, which makes four bytes of three."""
_MOST_PIXELS_A_SIDE = 8_000
_BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}

Json = dict[str, Any]


def prompt_blocks(text: str, files: Sequence[PromptFile], *, pictures: bool) -> list[Json]:
    """Return the content blocks of a prompt; reads the pictures.

    Raises:
        OSError: a picture cannot be read any more.
    """
    blocks: list[Json] = [{"type": "text", "text": text}]
    for file in files:
        blocks.append(
            {
                "type": "resource_link",
                "uri": file.path.as_uri(),
                "name": file.name,
                "mimeType": file.media_type,
                "size": file.size,
            }
        )
        picture = _picture(file) if pictures else None
        if picture is not None:
            data = base64.b64encode(picture).decode()
            blocks.append(
                {"type": "image", "mimeType": file.media_type, "data": data, "uri": file.path.as_uri()}
            )
    return blocks


def _picture(file: PromptFile) -> bytes | None:
    if file.media_type not in _BEGINNINGS or file.size > MAX_PICTURE_BYTES:
        return None
    descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        content = opened.read(MAX_PICTURE_BYTES + 1)
    return content if len(content) == file.size and shows_as(file.media_type, content) else None


def shows_as(media_type: str, content: bytes) -> bool:
    """Tell whether content can be such a picture, as far as its first bytes tell; pure."""
    if not content.startswith(_BEGINNINGS.get(media_type, ())):
        return False
    if media_type == "image/webp":
        return content[8:12] == b"WEBP"
    if media_type == "image/png":
        sides = (int.from_bytes(content[16:20]), int.from_bytes(content[20:24]))
        return content[12:16] == b"IHDR" and all(0 < side <= _MOST_PIXELS_A_SIDE for side in sides)
    return True
