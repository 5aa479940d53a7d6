"""A sentence can be filled with whatever is on record, however a fact is called."""

from __future__ import annotations

from ccplant_contracts.messages import CATALOGUE, explain, phrase


def test_a_fact_may_have_the_name_of_a_parameter() -> None:
    code = next(iter(CATALOGUE))
    assert explain(code, code="clone_failed", text="x") == explain(code)
    assert phrase("no_default_class", name="x") == phrase("no_default_class")
