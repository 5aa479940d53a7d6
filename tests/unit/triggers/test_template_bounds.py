"""No template takes the service's memory or time, and none reaches beyond the payload.

Time is counted in steps and memory in what Python says was held: neither depends on the machine.
"""

from __future__ import annotations

import contextlib
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccplant_triggers import bounds, payloads, syntax, templates
from ccplant_triggers.bounds import MAX_ITEMS, MAX_STEPS, MAX_TEXT, Steps
from ccplant_triggers.evaluation import Evaluation
from ccplant_triggers.output import CUT, MAX_BYTES, STOPPED
from ccplant_triggers.template_errors import TemplateError
from ccplant_triggers.template_filters import FILTERS, TESTS
from tests.unit.triggers.odd_payloads import ANY_MACHINE, VALUES

NONCE = "0123456789abcdef"


def _scope(**payload: Any) -> templates.Scope:
    return templates.scope_of("push", payload, payloads.facts("push", payload))


HUGE = _scope(
    many=list(range(50_000)),
    long="ab " * 100_000,
    longs=["x" * MAX_TEXT] * 2_000,
    wide="語" * 100_000,
    table={str(number): {"x": [1, 2, 3]} for number in range(20_000)},
    rows=[[1] * 1_000] * 1_000,
)
EVERY_TWO = "{{% for x in many %}}{{% for y in many %}}{}{{% endfor %}}{{% endfor %}}"
HOSTILE = [
    EVERY_TWO.format(""),
    EVERY_TWO.format("{{ long | upper | prefix(0) }}"),
    EVERY_TWO.format("{% if '" + "a" * 99 + "b' in long %}{% endif %}"),
    EVERY_TWO.format("{% if long == long %}{% endif %}"),
    EVERY_TWO.format("{% if long < long %}{% endif %}"),
    EVERY_TWO.format("{% if x in many %}{% endif %}"),
    EVERY_TWO.format("{{ long is matching('*a*a*a*a*a*c') }}"),
    EVERY_TWO.format("{{ table | tojson | prefix(0) }}"),
    EVERY_TWO.format("{{ table | string | prefix(0) }}"),
    EVERY_TWO.format("{{ longs | join('x') | prefix(0) }}"),
    EVERY_TWO.format("{{ longs | unique | length }}"),
    EVERY_TWO.format("{{ rows | map(attribute='a.b.c') | length }}"),
    EVERY_TWO.format("{{ long | replace('a', 'bb') | prefix(0) }}"),
    "{% for x in longs %}{{ x }}{% endfor %}",
    "{% for x in longs %}{{ wide }}{% endfor %}",
    "{{ payload }}",
    "{{ table }}",
    "{{ longs | join('" + "x" * 9_000 + "') }}",
    "{{ long | replace('a', '" + "x" * 9_000 + "') }}",
    "{{ long | replace('a', 'aaaaaaaaaa')" + " | replace('a', 'aaaaaaaaaa')" * 30 + " }}",
    "{{ long | truncate(60000) }}" * 100,
    "{{ wide | upper }}" * 100,
]


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_template_is_cut_or_fails_and_holds_little_meanwhile(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluated = 0
    honest = Evaluation.value

    def counting(self: Evaluation, node: Any, scope: Any) -> object:
        nonlocal evaluated
        evaluated += 1
        return honest(self, node, scope)

    monkeypatch.setattr(Evaluation, "value", counting)
    templates.check(source, kind="message")
    tracemalloc.start()
    try:
        text = templates.render(source, HUGE, nonce=NONCE)
    except TemplateError as error:
        text = ""
        assert error.problem == "too_much_work"  # noqa: PT017
    finally:
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert len(text.encode()) <= MAX_BYTES
    assert evaluated <= MAX_STEPS + 1
    assert held < 4_000_000


def test_a_condition_or_key_that_is_too_much_work_fails() -> None:
    scope = _scope(rows=[["x" * 60_000] * 1_000] * 10)
    source = " or ".join(f"'a' in (rows[{number}] | join('y'))" for number in range(10))
    source = f"({source}) or ({source}) or " + " or ".join(["(rows[0] | unique | length) > 1"] * 30)
    with pytest.raises(TemplateError) as caught:
        templates.evaluate(source, scope)
    assert caught.value.problem == "too_much_work"
    with pytest.raises(TemplateError) as caught:
        templates.render("{{ " + source + " }}", scope)
    assert caught.value.problem == "too_much_work"


def test_work_is_counted_for_what_filters_and_comparisons_read() -> None:
    """One step for each node would let a filter on a long text do anything."""

    def spent(source: str, **payload: Any) -> int:
        steps = Steps()
        Evaluation(steps).value(syntax.expression(source), _scope(**payload))
        return MAX_STEPS - steps.left

    for source in (
        "s | upper",
        "s == s",
        "s < 'b'",
        "'a' in s",
        "s | replace('x', 'y')",
        "s is matching('x')",
        "s | int",
    ):
        assert spent(source, s="a" * 60_000) > spent(source, s="a") + 20, source
    for source in ("l | join", "l | map(attribute='x')", "l | unique", "'x' in l", "l | tojson", "l | upper"):
        assert spent(source, l=["a"] * 1_000) > spent(source, l=["a"]) + 500, source


def test_a_list_is_looked_at_up_to_its_bound() -> None:
    scope = _scope(
        l=[{"n": number} for number in range(MAX_ITEMS + 5)], s=[str(n) for n in range(MAX_ITEMS + 5)]
    )
    counted = "{% for x in l %}{% if loop.last %}{{ loop.index }} {{ x.n }}{% endif %}{% endfor %}"
    assert templates.render(counted, scope) == f"{MAX_ITEMS} {MAX_ITEMS - 1}"
    assert (
        templates.render(
            "{{ l | map(attribute='n') | last }} {{ s | join(' ') | truncate(9, true, '') }}", scope
        ).split()[0]
        == "999"
    )
    assert templates.evaluate(f"'{MAX_ITEMS - 1}' in s and '{MAX_ITEMS}' not in s", scope)
    assert templates.render("{{ l | length }}", scope) == str(MAX_ITEMS + 5)


@pytest.mark.parametrize("new", ["", "b", "bb", "b" * 10_000])
def test_what_replaces_does_not_grow_beyond_the_bound(new: str) -> None:
    result = FILTERS["replace"].apply(Steps(), "a" * MAX_TEXT, ["a", new])
    assert isinstance(result, str)
    assert len(result) == (MAX_TEXT if new else 0)
    assert set(result) <= {"b"}


@pytest.mark.parametrize("nonce", [None, NONCE])
@pytest.mark.parametrize("letter", ["a ", "語 ", "𝄞 "])
def test_what_does_not_fit_is_cut_at_a_character_and_says_so(letter: str, nonce: str | None) -> None:
    text = templates.render(
        "x{% for t in l %}{{ t }}{% endfor %}y", _scope(l=[letter * 1_000] * 100), nonce=nonce
    )
    assert MAX_BYTES - 400 < len(text.encode()) <= MAX_BYTES
    assert text.endswith(CUT)
    assert "\ufffd" not in text
    if nonce:
        assert text.count(f"<untrusted-{nonce}>") == text.count(f"</untrusted-{nonce}>")


def test_a_message_that_is_too_much_work_is_what_there_was_before() -> None:
    text = templates.render("Before. " + EVERY_TWO.format(""), HUGE, nonce=NONCE)
    assert text == "Before." + STOPPED
    with pytest.raises(TemplateError):
        templates.render("Before. " + EVERY_TWO.format(""), HUGE)


ARGUMENTS: dict[type, st.SearchStrategy[object]] = {
    str: st.text(max_size=5),
    int: st.integers(-5, 1 << 40),
    bool: st.booleans(),
}


@given(st.data())
@settings(ANY_MACHINE, max_examples=300)
def test_filters_and_tests_are_total_and_their_results_bounded(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FILTERS) + sorted(TESTS)))
    operation = FILTERS.get(name) or TESTS[name]
    arguments = [
        data.draw(ARGUMENTS[parameter.kind].filter(lambda value: value or parameter.name != "old"))  # noqa: B023
        for parameter in operation.parameters
    ]
    value = data.draw(
        VALUES | st.sampled_from(["a" * 100_000, ["a" * 100_000] * 3, {"a": ["b"] * 50_000}, ["x"] * 5_000])
    )
    result = operation.apply(Steps(1 << 60), value, arguments)
    if name in ("first", "last", "default", "d"):
        return
    if isinstance(result, str):
        assert len(result) <= MAX_TEXT + 5
    elif isinstance(result, list):
        assert len(result) <= MAX_ITEMS
    else:
        assert isinstance(result, bool | int | type(None)) or name == "int"


class Trap:
    """A Python object in a payload, where only JSON can be: it tells who looks at it."""

    def __init__(self) -> None:
        self.secret = "s3cret"
        self.looked: list[str] = []

    def __getattr__(self, name: str) -> object:
        self.looked.append(name)
        return lambda *_: "s3cret"

    def __str__(self) -> str:
        self.looked.append("str")
        return "s3cret"

    def __repr__(self) -> str:
        self.looked.append("repr")
        return "s3cret"


PATHS = st.lists(
    st.sampled_from(["secret", "mro", "items", "format", "keys", "func_globals", "gi_frame", "x"]),
    min_size=1,
    max_size=3,
)
USES = st.sampled_from(
    ["{{{{ {} }}}}", "{{% for i in {} %}}{{{{ i }}}}{{% endfor %}}", "{{% if {} %}}{{% endif %}}"]
    + [
        "{{{{ {} | " + use + " }}}}"
        for use in ("upper", "tojson", "join", "length", "first", "int", "map(attribute='secret')")
    ]
)


@ANY_MACHINE
@given(PATHS, USES)
def test_no_template_reads_an_attribute_of_a_python_object(path: list[str], use: str) -> None:
    trap = Trap()
    source = use.format(".".join(["trap", *path]))
    text = ""
    with contextlib.suppress(TemplateError):
        text = templates.render(source, _scope(trap=trap))
    assert "s3cret" not in text
    assert not set(trap.looked) - {"__length_hint__"}


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ x | map(attribute='__class__.__mro__') | join }}",
        "{{ x.format.__globals__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum }}{{ namespace }}{{ joiner }}{{ dict }}{{ config }}{{ request }}{{ self }}{{ caller }}{{ varargs }}",
        "{{ x.mro }}{{ x.append }}{{ event.upper }}{{ facts.items }}{{ payload.keys }}",
    ],
)
def test_a_walk_to_python_is_refused_or_finds_nothing(source: str) -> None:
    try:
        assert templates.render(source, _scope(x=["a"])) == ""
    except TemplateError as error:
        assert error.problem in ("private_name", "call_not_allowed")  # noqa: PT017


def test_the_bounds_are_those_that_are_written_down() -> None:
    assert (bounds.MAX_ITEMS, bounds.MAX_TEXT, bounds.MAX_STEPS, MAX_BYTES) == (
        1_000,
        65_536,
        100_000,
        65_536,
    )
