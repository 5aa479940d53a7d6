"""What is too long is cut where everybody sees it, and fits."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ccplant_contracts.launch import MAX_TERMINATION_BYTES, LastWord
from ccplant_contracts.status import Reason
from ccplant_runner.fitting import fit
from ccplant_runner.last_word import fit_last_word

VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=2_000),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=20), inner, max_size=20),
    max_leaves=40,
)


@given(VALUES)
def test_what_fits_is_not_touched(value: object) -> None:
    assert fit(value, 10_000_000) == value


def test_a_cut_says_how_much_is_missing() -> None:
    cut = fit({"a": "x" * 1_000_000, "b": "kept"}, 256_000)
    assert isinstance(cut, dict)
    assert cut["b"] == "kept"
    assert cut["a"].endswith("[984000 more characters]")
    assert len(json.dumps(cut)) < 256_000


def test_many_long_texts_are_cut_further_until_they_fit() -> None:
    cut = fit([{"text": "\u3042" * 100_000} for _ in range(100)], 256_000)
    assert len(json.dumps(cut, ensure_ascii=False).encode()) <= 256_000


@given(st.lists(st.text(max_size=2_000), max_size=50), st.text(max_size=5_000))
def test_a_last_word_fits_into_a_termination_message_and_keeps_its_reason(
    lines: list[str], detail: str
) -> None:
    word = LastWord(reason=Reason.SETUP_FAILED, detail=detail, exit_code=3, log_tail=tuple(lines), last_seq=7)
    payload = fit_last_word(word)
    assert len(payload) <= MAX_TERMINATION_BYTES
    kept = LastWord.model_validate_json(payload)
    assert (kept.reason, kept.exit_code, kept.last_seq) == (Reason.SETUP_FAILED, 3, 7)
    assert all(
        line.startswith(kept_line) for line, kept_line in zip(lines[::-1], kept.log_tail[::-1], strict=False)
    )
