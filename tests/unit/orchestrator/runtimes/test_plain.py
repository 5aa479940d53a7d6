"""What a session could have written is bounded, masked, and of a form that any database holds."""

from __future__ import annotations

from ccplant_orchestrator.runtimes import plain

_SECRET = "ghp_" + "a1B2" * 9


def test_lines_of_a_log_keep_their_form_and_lose_their_secrets() -> None:
    found = plain.lines(f"Traceback:\n  File x\n\ttoken {_SECRET}\n\nend   ")
    assert found == ("Traceback:", "  File x", "\ttoken ghp_***", "", "end")


def test_a_line_is_one_line_without_a_nul() -> None:
    assert plain.lines(["a\rb\0c\u2028d"]) == ("a b c d",)


def test_lines_are_the_last_ones_and_bounded() -> None:
    found = plain.lines([str(number) for number in range(100)] + ["x" * 10_000])
    assert len(found) == 50
    assert found[0] == "51"
    assert len(found[-1]) == 2_000


def test_a_text_for_people_is_one_line() -> None:
    assert plain.shown("a\n   b\tc") == "a b c"
    assert plain.shown("https://host/x?signature=abc rest") == "https://host/x rest"
