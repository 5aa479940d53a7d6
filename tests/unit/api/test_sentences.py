"""Whatever is wrong with a field is said in Japanese as well: no validator has a sentence without its pair."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ccplant_api.errors import refusals
from ccplant_api.errors.envelope import error_body
from ccplant_api.errors.sentences import in_japanese
from ccplant_api.errors.validation import field_problem, invalid_model
from ccplant_contracts import errors
from ccplant_contracts.errors import ApiError, ConflictError
from ccplant_triggers import cron
from ccplant_triggers.cron import CronError

ROOT = Path(__file__).parents[3]
_JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")
# not of bodies that people send: messages between our own parts, and parsers that say more than one sentence
_ELSEWHERE = {"subjects.py", "cron.py", "dispatch.py"}


def literal(node: ast.expr) -> str | None:
    """Return a literal sentence, with something in the place of each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "value" for part in node.values)
    return None


def calls(file: Path, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def sentences() -> set[str]:
    found: set[str] = set()
    for file in (ROOT / "libs/contracts/ccplant_contracts").glob("*.py"):
        if file.name not in _ELSEWHERE:
            found |= {said for call in calls(file, "ValueError") for said in [literal(call.args[0])] if said}
    for file in (ROOT / "services/api/ccplant_api").rglob("*.py"):
        found |= {said for call in calls(file, "invalid_field") for said in [literal(call.args[1])] if said}
    return found


@pytest.mark.parametrize(
    "expression",
    [
        "99 * * * *", "* 99 * * *", "* * 99 * *", "* * * 13 *", "* * * * 9", "0 9 31 2 *", "* * * *", "* * * * * *",
        "@foo", "*/0 * * * *", "* * * * mon#9", "", "0 0 30 feb *", "1,, * * * *",
    ],
)  # fmt: skip
def test_whatever_is_wrong_with_a_cron_expression_is_said_in_japanese(expression: str) -> None:
    with pytest.raises(CronError) as refusal:
        cron.parse(expression, "UTC")
    assert in_japanese(refusal.value.message) is not None, refusal.value.message


def test_an_unknown_zone_is_said_in_japanese() -> None:
    with pytest.raises(CronError) as refusal:
        cron.parse("* * * * *", "Nowhere/Land")
    assert in_japanese(refusal.value.message) is not None


def test_each_sentence_of_a_validator_has_its_japanese_pair() -> None:
    found = sentences()
    assert len(found) > 40
    missing = sorted(said for said in found if in_japanese(said) is None)
    assert not missing, "without a pair in ccplant_api.errors.sentences:\n" + "\n".join(missing)


_VERDICTS = {"Away", "Unknown", "NotAdmitted", "MethodNotAllowedError"}
_REFUSALS = _VERDICTS | {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, ApiError)
}
# the words for single fields, each with its own pair
_OF_FIELDS = "value: valuevalue"


def messages() -> set[str]:
    found: set[str] = set()
    for file in (ROOT / "services/api/ccplant_api").rglob("*.py"):
        for name in _REFUSALS:
            found |= {
                said for call in calls(file, name) if call.args for said in [literal(call.args[0])] if said
            }
    return found - {_OF_FIELDS}


def test_each_message_of_a_refusal_has_its_japanese_pair() -> None:
    found = messages()
    assert len(found) > 60
    missing = sorted(said for said in found if refusals.in_japanese(said) is None)
    assert not missing, "without a pair in ccplant_api.errors.refusals:\n" + "\n".join(missing)


def test_a_refusal_is_told_in_both_languages_with_its_values() -> None:
    error = ConflictError(
        "Only a queued prompt can be changed; this one is running.", details={"state": "running"}
    )
    details = error_body(error, "req-1")["details"]
    assert details["state"] == "running"
    assert details["text"]["en"] == error.message
    assert "running" in details["text"]["ja"]
    assert _JAPANESE.search(details["text"]["ja"])
    assert "text" not in error_body(ConflictError("nobody knows this sentence"), "req-1")["details"]


class Strange(BaseModel):
    """Every kind of field that a request has."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=2, max_length=3, pattern="^[a-z]+$")]
    number: Annotated[int, Field(ge=1, le=5)]
    share: Annotated[float, Field(gt=0, lt=1)]
    yes: bool
    kind: Literal["one", "two"]
    many: Annotated[list[str], Field(min_length=1, max_length=2)]
    named: Annotated[dict[str, str], Field(max_length=1)]
    needed: str


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": "x", "number": 0, "share": 0, "yes": "perhaps", "kind": "three", "many": [], "named": [], "more": 1},
        {"name": "long enough", "number": 9, "share": 1, "yes": 3, "kind": 1, "many": "no", "named": {"a": "b", "c": "d"}},
        {"name": "A1", "number": "x", "share": "x", "many": ["a", "b", "c"], "named": {"a": 1}},
        {"name": 1, "number": 1.5},
    ],
)  # fmt: skip
def test_what_the_schema_refuses_is_said_in_both_languages(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Strange.model_validate(given)
    fields = invalid_model(refused.value).details["fields"]
    assert fields
    for each in fields:
        assert _JAPANESE.search(each["text"]["ja"]), each
        assert each["text"]["en"] == each["problem"]


def test_values_are_carried_over() -> None:
    assert field_problem("name", "string should have at most 200 characters")["text"] == {
        "ja": "200 文字以内で指定してください",
        "en": "string should have at most 200 characters",
    }
    assert "text" not in field_problem("name", "something that nobody foresaw")
