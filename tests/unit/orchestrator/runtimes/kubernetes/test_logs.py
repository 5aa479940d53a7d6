"""The end of a log is bounded in lines and in bytes, and never keeps an end from being told (D2)."""

from __future__ import annotations

from ccplant_orchestrator.runtimes.kubernetes import logs


def test_the_last_lines_are_kept() -> None:
    content = b"".join(b"line %d\n" % number for number in range(100))
    assert logs.cut(content, 2) == ("line 98", "line 99")
    assert logs.cut(content, 0) == ()
    assert logs.cut(b"", 50) == ()


def test_a_line_without_an_end_is_cut() -> None:
    (line,) = logs.cut(b"x" * 100_000, 50)
    assert len(line) == 4_096


def test_what_is_no_text_does_no_harm() -> None:
    assert logs.cut(b"\xff\x00ok", 5) == ("\ufffdok",)
