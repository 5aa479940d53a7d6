"""The filters and tests of templates: each total, each bounded.

Whatever the payload holds, a filter gives a value (a filter that raises would lose deliveries to one odd
payload), and its result is never longer than `MAX_TEXT` or `MAX_ITEMS`: what grows (`replace`, `join`) stops
before it would. Names that Jinja2 has mean what they mean there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ccplant_triggers.bounds import MAX_ITEMS, MAX_TEXT, Steps
from ccplant_triggers.globs import Globs
from ccplant_triggers.values import MISSING, Missing, json_text


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: what a constant may be there."""

    name: str
    kind: type[str | int | bool]
    default: str | int | bool | None = None
    """None: it has to be given."""
    computed: bool = False
    """Whether it may be any expression, not only a constant."""
    least: int = 0
    """Of a number, or of a text's length; so is `most`."""
    most: int = 65_536
    named: bool = False
    """Whether it has to be given by its name."""


Apply = Callable[[Steps, object, Sequence[object]], object]


@dataclass(frozen=True, slots=True)
class Operation:
    """A filter or a test."""

    usage: str
    apply: Apply
    parameters: tuple[Parameter, ...] = ()


def _items(value: object) -> list[object]:
    return list(value[:MAX_ITEMS]) if isinstance(value, list | tuple) else []


def _of_text(change: Callable[[str], str]) -> Apply:
    return lambda steps, value, _: change(steps.text(value))[:MAX_TEXT]


def _default(_: Steps, value: object, arguments: Sequence[object]) -> object:
    other, also_when_false = arguments
    missing = isinstance(value, Missing) or value is None or (bool(also_when_false) and not value)
    return other if missing else value


def _length(_: Steps, value: object, __: Sequence[object]) -> object:
    return len(value) if isinstance(value, str | list | tuple | Mapping) else 0


def _first(_: Steps, value: object, __: Sequence[object]) -> object:
    return value[0] if isinstance(value, list | tuple | str) and value else MISSING


def _last(_: Steps, value: object, __: Sequence[object]) -> object:
    return value[-1] if isinstance(value, list | tuple | str) and value else MISSING


def _join(steps: Steps, value: object, arguments: Sequence[object]) -> object:
    between = str(arguments[0])
    if not isinstance(value, list | tuple):
        return steps.text(value)
    parts: list[str] = []
    length = 0
    for item in _items(value):
        parts.append(steps.text(item))
        length += len(parts[-1]) + len(between)
        if length > MAX_TEXT:
            break
    return between.join(parts)[:MAX_TEXT]


def _map(steps: Steps, value: object, arguments: Sequence[object]) -> object:
    names = str(arguments[0]).split(".")
    found: list[object] = []
    for item in _items(value):
        part: object = item
        for name in names:
            part = part.get(name, MISSING) if isinstance(part, Mapping) else MISSING
        steps.spend(len(names))
        found.append(part)
    return found


def _replace(steps: Steps, value: object, arguments: Sequence[object]) -> object:
    text, old, new = steps.text(value), str(arguments[0]), str(arguments[1])
    steps.find(text, old)
    growth = len(new) - len(old)
    # no more of them than fill the bound: the result of all may be thousands of times as long
    count = -1 if growth <= 0 else MAX_TEXT // growth + 1
    changed = text.replace(old, new, count)
    steps.spend(len(changed) // 64)
    return changed[:MAX_TEXT]


def _truncate(steps: Steps, value: object, arguments: Sequence[object]) -> object:
    text = steps.text(value)
    length, kill_words, end, leeway = (
        _number(arguments[0]),
        arguments[1],
        str(arguments[2]),
        _number(arguments[3]),
    )
    if len(text) <= length + leeway:
        return text
    kept = text[: max(0, length - len(end))]
    return (kept if kill_words else kept.rsplit(" ", 1)[0]) + end


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _prefix(steps: Steps, value: object, arguments: Sequence[object]) -> object:
    return steps.text(value)[: _number(arguments[0])]


def _json(steps: Steps, value: object, _: Sequence[object]) -> object:
    text = json_text(value, MAX_TEXT)
    steps.spend(1 + len(text) // 4)
    return text


def _int(steps: Steps, value: object, arguments: Sequence[object]) -> object:
    try:
        return int(value) if isinstance(value, bool | int | float) else int(steps.text(value)[:40])
    except (ValueError, OverflowError):
        return arguments[0]


def _unique(steps: Steps, value: object, _: Sequence[object]) -> object:
    items = _items(value)
    seen: set[str] = set()
    kept: list[object] = []
    for item in items:
        text = steps.text(item)
        if text not in seen:
            seen.add(text)
            kept.append(item)
    return kept


FILTERS: Mapping[str, Operation] = MappingProxyType(
    {
        "capitalize": Operation("x | capitalize", _of_text(str.capitalize)),
        "count": Operation("x | count", _length),
        "d": Operation(
            'x | d("…")',
            _default,
            (Parameter("default_value", str, "", computed=True), Parameter("boolean", bool, default=False)),
        ),
        "default": Operation(
            'x | default("…")',
            _default,
            (Parameter("default_value", str, "", computed=True), Parameter("boolean", bool, default=False)),
        ),
        "first": Operation("x | first", _first),
        "int": Operation("x | int", _int, (Parameter("default", int, 0),)),
        "join": Operation('x | join(", ")', _join, (Parameter("d", str, ""),)),
        "last": Operation("x | last", _last),
        "length": Operation("x | length", _length),
        "lower": Operation("x | lower", _of_text(str.lower)),
        "map": Operation(
            'x | map(attribute="name")', _map, (Parameter("attribute", str, least=1, named=True),)
        ),
        "prefix": Operation("x | prefix(7)", _prefix, (Parameter("length", int),)),
        "replace": Operation(
            'x | replace("a", "b")', _replace, (Parameter("old", str, least=1), Parameter("new", str))
        ),
        "string": Operation("x | string", _of_text(str)),
        "tojson": Operation("x | tojson", _json),
        "trim": Operation("x | trim", _of_text(str.strip)),
        "truncate": Operation(
            "x | truncate(500)",
            _truncate,
            (
                Parameter("length", int, 255),
                Parameter("killwords", bool, default=False),
                Parameter("end", str, "..."),
                Parameter("leeway", int, 5),
            ),
        ),
        "unique": Operation("x | unique", _unique),
        "upper": Operation("x | upper", _of_text(str.upper)),
    }
)


def _is(check: Callable[[object], bool]) -> Apply:
    return lambda _, value, __: check(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _matching(steps: Steps, value: object, arguments: Sequence[object]) -> object:
    text, glob = steps.text(value)[:1_000], str(arguments[0])
    # each character is a step of the automaton
    steps.spend(len(text) + len(glob))
    return isinstance(value, str) and Globs((glob,)).match(text)


def _starts(_: Steps, value: object, arguments: Sequence[object]) -> object:
    return isinstance(value, str) and value.startswith(str(arguments[0]))


def _ends(_: Steps, value: object, arguments: Sequence[object]) -> object:
    return isinstance(value, str) and value.endswith(str(arguments[0]))


TESTS: Mapping[str, Operation] = MappingProxyType(
    {
        "boolean": Operation("x is boolean", _is(lambda value: isinstance(value, bool))),
        "defined": Operation("x is defined", _is(lambda value: not isinstance(value, Missing))),
        "endingwith": Operation('x is endingwith("…")', _ends, (Parameter("text", str),)),
        "false": Operation("x is false", _is(lambda value: value is False)),
        "mapping": Operation("x is mapping", _is(lambda value: isinstance(value, Mapping))),
        "matching": Operation(
            'x is matching("release/*")', _matching, (Parameter("glob", str, least=1, most=250),)
        ),
        "none": Operation("x is none", _is(lambda value: value is None)),
        "number": Operation("x is number", _is(_is_number)),
        "sequence": Operation("x is sequence", _is(lambda value: isinstance(value, list | tuple))),
        "startingwith": Operation('x is startingwith("…")', _starts, (Parameter("text", str),)),
        "string": Operation("x is string", _is(lambda value: isinstance(value, str))),
        "true": Operation("x is true", _is(lambda value: value is True)),
        "undefined": Operation("x is undefined", _is(lambda value: isinstance(value, Missing))),
    }
)
