"""What an agent that speaks ACP is given of a prompt's files."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from ccplant_runner.agents.acp.blocks import MAX_PICTURE_BYTES, prompt_blocks, shows_as
from ccplant_runner.agents.driver import PromptFile


def png(width: int = 2, height: int = 3) -> bytes:
    sides = width.to_bytes(4) + height.to_bytes(4)
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + b"IHDR" + sides + b"\x08\x06\0\0\0"


def file_of(folder: Path, content: bytes, media_type: str, name: str = "a 図.png") -> PromptFile:
    path = folder / name
    path.write_bytes(content)
    return PromptFile(path=path, name=name, media_type=media_type, size=len(content))


def test_a_prompt_without_files_is_its_text() -> None:
    assert prompt_blocks("hello", (), pictures=True) == [{"type": "text", "text": "hello"}]


def test_each_file_is_a_link_and_a_picture_is_shown_besides(tmp_path: Path) -> None:
    picture, text = file_of(tmp_path, png(), "image/png"), file_of(tmp_path, b"x", "text/plain", "b.txt")
    blocks = prompt_blocks("look", (picture, text), pictures=True)
    uri = picture.path.as_uri()
    assert "%E5%9B%B3" in uri
    assert blocks == [
        {"type": "text", "text": "look"},
        {
            "type": "resource_link",
            "uri": uri,
            "name": "a 図.png",
            "mimeType": "image/png",
            "size": len(png()),
        },
        {"type": "image", "mimeType": "image/png", "data": base64.b64encode(png()).decode(), "uri": uri},
        {
            "type": "resource_link",
            "uri": text.path.as_uri(),
            "name": "b.txt",
            "mimeType": "text/plain",
            "size": 1,
        },
    ]
    assert [block["type"] for block in prompt_blocks("x", (picture,), pictures=False)] == [
        "text",
        "resource_link",
    ]


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("image/png", b"<svg onload=alert(1)>"),
        ("image/png", png(8_001, 1)),
        ("image/png", png()[:20]),
        ("image/svg+xml", b"<svg>"),
        ("image/jpeg", png()),
        ("image/webp", b"RIFF\0\0\0\0AVI "),
        ("text/plain", png()),
        ("image/png", png() + bytes(MAX_PICTURE_BYTES)),
    ],
)
def test_what_a_provider_could_not_read_as_a_picture_is_a_link_alone(
    tmp_path: Path, media_type: str, content: bytes
) -> None:
    blocks = prompt_blocks("x", (file_of(tmp_path, content, media_type),), pictures=True)
    assert [block["type"] for block in blocks] == ["text", "resource_link"]


def test_pictures_of_each_kind_are_known_by_their_beginning() -> None:
    assert shows_as("image/png", png(8_000, 8_000))
    assert shows_as("image/jpeg", b"\xff\xd8\xff\xe0")
    assert shows_as("image/gif", b"GIF89a")
    assert shows_as("image/webp", b"RIFF\0\0\0\0WEBPVP8 ")


def test_a_link_in_place_of_a_picture_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(png())
    link = tmp_path / "p.png"
    link.symlink_to(secret)
    with pytest.raises(OSError, match="symbolic"):
        prompt_blocks(
            "x", (PromptFile(path=link, name="p", media_type="image/png", size=len(png())),), pictures=True
        )
