"""Names and types of files that come from anybody's machine."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_contracts.attachment import MAX_NAME_BYTES, file_name, media_type


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\report.pdf", "report.pdf"),
        ("a/..", "file"),
        ("..", "file"),
        ("   ", "file"),
        ("", "file"),
        ("a\x00b\x1b[31m.txt", "ab[31m.txt"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("a\u200b\u2066b", "ab"),
        ("a\n\tb .txt", "a b .txt"),
        ("か\u3099.txt", "が.txt"),
        ("\ud800x", "x"),
        (".env", ".env"),
        ("設" * 100 + ".png", "設" * 58 + ".png"),
        ("x" * 300, "x" * 180),
    ],
)
def test_a_name_is_one_plain_part_of_a_path(given_name: str, name: str) -> None:
    assert file_name(given_name) == name


@given(st.text(max_size=400))
def test_every_text_becomes_a_name_that_stays_as_it_is(text: str) -> None:
    name = file_name(text)
    assert name == file_name(name)
    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert name not in (".", "..")
    assert not set(name) & {"/", "\\", "\0", "\n"}
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in name)


@pytest.mark.parametrize(
    ("given_type", "kind"),
    [
        (None, "application/octet-stream"),
        ("", "application/octet-stream"),
        ("Image/PNG", "image/png"),
        ("text/html; charset=utf-8", "text/html"),
        ("application/vnd.ms-excel+x", "application/vnd.ms-excel+x"),
        ("text", None),
        ("text/", None),
        ("text/html\r\nX-Evil: 1", None),
        ("a b/c", None),
        ("テキスト/plain", None),
    ],
)
def test_a_media_type_is_two_tokens_or_none(given_type: str | None, kind: str | None) -> None:
    assert media_type(given_type) == kind
