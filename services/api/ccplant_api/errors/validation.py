"""Says which fields of a request are wrong, and what is wrong with them, never what they held.

Pydantic's own report carries the input, and an input may be a credential; so only the path and the words are
taken from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from ccplant_api.errors.envelope import printable
from ccplant_api.errors.sentences import in_japanese
from ccplant_contracts.errors import InvalidRequestError

_MAX_FIELDS = 50
_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "json_invalid": "is not valid JSON",
}
_NO_OBJECT = ("model_type", "model_attributes_type", "dict_type")
_PLACES = ("body", "query", "path", "header", "cookie")


def field_path(location: Sequence[str | int]) -> str:
    """Return a field's path as people write it: ``config.mcp_servers.github.args[0]``."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{printable(part, 80)}" if path else printable(part, 80)
    return path


def _words(item: dict[str, Any]) -> str:
    kind = str(item["type"])
    if kind in _WORDS:
        return _WORDS[kind]
    if kind in _NO_OBJECT:
        # A body is not read as JSON unless it is declared so, which is easily forgotten.
        whole = tuple(item["loc"]) == ("body",)
        return "must be a JSON object" + (", sent with `Content-Type: application/json`" if whole else "")
    message = str(item["msg"]).removeprefix("Value error, ")
    return message[0].lower() + message[1:] if message[:1].isupper() and message[1:2].islower() else message


def _without_place(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return location[1:] if location and location[0] in _PLACES else location


def invalid_request(errors: Iterable[dict[str, Any]], *, prefix: str = "") -> InvalidRequestError:
    """Return the refusal for what pydantic found, one entry a field."""
    fields: list[dict[str, Any]] = []
    for item in errors:
        location = tuple(item["loc"])
        if item["type"] == "json_invalid":
            location = ()
        path = field_path(_without_place(location)) or "body"
        fields.append(field_problem(f"{prefix}.{path}" if prefix else path, printable(_words(item), 400)))
    return _refusal(fields)


def invalid_model(error: ValidationError, *, prefix: str = "") -> InvalidRequestError:
    """Return the refusal for a model that did not validate."""
    return invalid_request(
        [dict(item) for item in error.errors(include_url=False, include_input=False, include_context=False)],
        prefix=prefix,
    )


def invalid_field(field: str, problem: str, **details: object) -> InvalidRequestError:
    """Return the refusal of one field, for what a schema cannot say."""
    return _refusal([field_problem(field, problem)], **details)


def invalid_fields(problems: Iterable[tuple[str, str]]) -> InvalidRequestError:
    """Return the refusal of some fields, each with what is wrong with it."""
    return _refusal([field_problem(field, problem) for field, problem in problems])


def _refusal(fields: list[dict[str, Any]], **details: object) -> InvalidRequestError:
    fields = fields[:_MAX_FIELDS] or [field_problem("body", "is not valid")]
    first = fields[0]
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    return InvalidRequestError(
        f"{first['field']}: {first['problem']}{more}", details={"fields": fields, **details}
    )


def field_problem(field: str, problem: str) -> dict[str, Any]:
    """Return what is said of one field, in both languages where both are known."""
    japanese = in_japanese(problem)
    said: dict[str, Any] = {"field": field, "problem": problem}
    return said if japanese is None else {**said, "text": {"ja": japanese, "en": problem}}
