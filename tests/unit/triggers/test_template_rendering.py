"""What a template says: as Jinja2 would, but for null, booleans and what is missing."""

from __future__ import annotations

from typing import Any

import jinja2.sandbox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccplant_triggers import payloads, templates
from ccplant_triggers.examples import EXAMPLES
from ccplant_triggers.template_errors import TemplateError
from tests.unit.triggers.odd_payloads import ANY_MACHINE


def _scope(payload: dict[str, Any], event: str = "push") -> templates.Scope:
    return templates.scope_of(event, payload, payloads.facts(event, payload))


PAYLOAD: dict[str, Any] = {
    "s": "Hello World",
    "n": 7,
    "f": 1.5,
    "t": True,
    "no": False,
    "null": None,
    "empty": "",
    "names": [{"name": "bug"}, {"name": "agent"}, {"name": "bug"}, {}],
    "l": ["a", "b", "c"],
    "o": {"k": "v", "+1": 3, "deep": {"er": "x"}},
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a {{ s }} b", "a Hello World b"),
        ("{{ n }}{{ f }}", "71.5"),
        ("{{ t }} {{ no }} [{{ null }}]", "true false []"),
        ("[{{ missing }}{{ missing.and.more }}{{ s.x }}{{ n.x.y }}{{ l.name }}{{ o['x'] }}{{ l[9] }}]", "[]"),
        ("{{ o.k }} {{ o['k'] }} {{ o['+1'] }} {{ o.deep.er }} {{ l[0] }} {{ l.1 }}", "v v 3 x a b"),
        ("{{ o }}", '{"k": "v", "+1": 3, "deep": {"er": "x"}}'),
        ("{{ l }}", '["a", "b", "c"]'),
        ("{{ event }} {{ payload.s }}", "push Hello World"),
        ("{% if t %}a{% elif no %}b{% else %}c{% endif %}", "a"),
        ("{% if no %}a{% elif t %}b{% else %}c{% endif %}", "b"),
        ("{% if no %}a{% elif no %}b{% else %}c{% endif %}", "c"),
        ("{{ 'a' if missing else 'b' }}{{ 'a' if missing }}", "b"),
        ("{% for x in l %}{{ loop.index }}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "1a, 2b, 3c"),
        ("{% for x in l if x != 'b' %}{{ x }}{{ loop.length }}{% endfor %}", "a2c2"),
        ("{% for x in missing %}{% else %}none{% endfor %}", "none"),
        ("{% for x in null %}{% else %}none{% endfor %}", "none"),
        ("{% for x in l %}{% for y in l %}{{ x }}{{ y }} {% endfor %}{{ loop.index }}{% endfor %}",
         "aa ab ac 1ba bb bc 2ca cb cc 3"),
        ("{% for x in l %}{% endfor %}{{ x }}{{ loop }}.", "."),
        ("{{ names | map(attribute='name') | join(', ') }}", "bug, agent, bug, "),
        ("{{ names | map(attribute='name') | unique | join('+') }}", "bug+agent+"),
        ("{{ l | length }}{{ s | count }}{{ o | length }}{{ n | length }}", "31130"),
        ("{{ l | first }}{{ l | last }}{{ empty | first }}{{ n | last }}", "ac"),
        ("{{ null | default('x') }}{{ missing | d('y') }}{{ empty | default('z') }}{{ empty | default('z', true) }}", "xyz"),
        ("{{ missing | default(n) }}", "7"),
        ("{{ s | upper }} {{ s | lower }} {{ s | capitalize }} {{ ' x ' | trim }}", "HELLO WORLD hello world Hello world x"),
        ("{{ s | replace('o', '0') }} {{ s | prefix(4) }}", "Hell0 W0rld Hell"),
        ("{{ s | truncate(5) }} {{ s | truncate(6, true, '…', 0) }}", "He... Hello…"),
        ("{{ s | truncate(8, leeway=0) }}", "Hello..."),
        ("{{ '12' | int }}{{ 'x' | int }}{{ 'x' | int(9) }}{{ f | int }}", "12091"),
        ("{{ o | tojson }}{{ null | tojson }}", '{"k": "v", "+1": 3, "deep": {"er": "x"}}null'),
        ("{% raw %}{{ s }}{% endraw %}{# not there #}", "{{ s }}"),
        ("a\n{% if t %}\nb\n{% endif %}\nc", "a\nb\nc"),
        ("a\n  {% if t %}\n  b\n  {% endif %}\nc", "a\n  b\nc"),
        ("\n\n a \n", "a"),
        ("{{ 'a\x00b\\ud800' }}", "a\ufffdb\ufffd"),
    ],
)  # fmt: skip
def test_a_template_says_what_its_reader_expects(source: str, text: str) -> None:
    assert templates.render(source, _scope(PAYLOAD)) == text.strip()


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("t", True),
        ("no or missing or null or empty", False),
        ("not missing", True),
        ("missing == missing", False),
        ("missing != 'x'", True),
        ("missing == none", False),
        ("null == none", True),
        ("null is none and missing is not defined and missing is undefined", True),
        ("n == 7 and n != 8 and n < 8 and n <= 7 and n > 6 and n >= 7", True),
        ("6 < n < 8", True),
        ("6 < n < 7", False),
        ("n == 7.0", True),
        ("t == 1", False),
        ("t == true and no == false", True),
        ("n > '6'", False),
        ("s > 6", False),
        ("missing > 0 or missing <= 0 or null < 3 or t > 0", False),
        ("'World' in s and 'x' not in s", True),
        ("'a' in l and 'x' not in l", True),
        ("'k' in o and 'x' not in o", True),
        ("'x' in missing or 'x' in null or 'x' in n or 3 in s", False),
        ("'x' not in missing", True),
        ("n in [1, 7] and 'bug' in (names | map(attribute='name'))", True),
        ("'x' in names", False),
        ("s is startingwith('Hell') and s is endingwith('ld') and n is not startingwith('7')", True),
        ("s is matching('Hello *') and s is not matching('hello*') and n is not matching('*')", True),
        (
            "s is string and n is number and t is boolean and t is not number and l is sequence and o is mapping",
            True,
        ),
        ("t is true and no is false and n is not true", True),
        ("l and o and s and n and f", True),
    ],
)
def test_a_condition_takes_what_is_missing_or_unlike_for_false(source: str, holds: bool) -> None:
    assert templates.evaluate(source, _scope(PAYLOAD)) is holds


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{% for x in s %}{% endfor %}", "not_a_list"),
        ("{% for x in o %}{% endfor %}", "not_a_list"),
        ("{% for x in n %}{% endfor %}", "not_a_list"),
        ("{{ o == o }}", "not_comparable"),
        ("{{ l == 'a' }}", "not_comparable"),
        ("{{ o in l }}", "not_comparable"),
    ],
)
def test_what_has_no_meaning_on_a_payload_fails_with_its_line(source: str, problem: str) -> None:
    with pytest.raises(TemplateError) as caught:
        templates.render("\n" + source, _scope(PAYLOAD))
    assert (caught.value.problem, caught.value.line) == (problem, 2)


def test_what_is_too_deep_or_too_long_to_be_written_says_so() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert templates.render("{{ deep }}", _scope({"deep": deep})) == "[" * 30 + '"…"' + "]" * 30
    assert templates.render("{{ n }} {{ [1] | tojson }}", _scope({"n": 10**5_000})) == "… [1]"
    assert templates.render("{{ l }}", _scope({"l": [10**5_000]})) == "[…]"


def test_facts_stand_in_the_same_place_for_each_event() -> None:
    source = "{{ facts.repository }} {{ facts.number }} {{ facts.branch }} {{ facts.labels | join(',') }} {{ facts.sender }}"
    said = {
        event: templates.render(source, _scope(dict(EXAMPLES[event]), event))
        for event in ("pull_request", "issues", "push")
    }
    assert said == {
        "pull_request": "example/shop 12 main bug,agent alice",
        "issues": "example/shop 7  bug,agent bob",
        "push": "example/shop  main  alice",
    }


def test_names_of_the_payload_do_not_hide_our_own() -> None:
    payload = {"event": "forged", "facts": {"number": 99}, "payload": "forged", "loop": "forged"}
    text = templates.render(
        "{{ event }}{{ facts.number }}{{ payload.event }}{% for x in payload.l %}{% endfor %}",
        _scope(payload),
    )
    assert text == "pushforged"


# What Jinja2 itself says of the same templates: for those whose meaning is not ours.

JINJA = jinja2.sandbox.SandboxedEnvironment(
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.ChainableUndefined,
    finalize=lambda value: "" if value is None else str(value).lower() if isinstance(value, bool) else value,
)
READS = st.sampled_from(
    ["s", "n", "f", "t", "no", "null", "empty", "missing", "missing.x", "o.k", "o['+1']", "l[1]", "o.deep.er"]
)
LITERALS = st.sampled_from(["'x'", "'World'", "7", "1.5", "true", "false", "none", "''"])
TEXT_FILTERS = st.sampled_from(
    ["upper", "lower", "capitalize", "trim", "string", "length", "truncate(6)", "truncate(4, true)",
     "replace('l', 'LL')", "default('d', true)"]
)  # fmt: skip
TEXTS = st.sampled_from(["s", "empty", "o.k", "'a b c d e f'", "(s if t else empty)"])
VALUES = st.recursive(
    READS | LITERALS,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("({} if {} else {})".format, inner, inner, inner)
        | inner.map("(not {})".format)
    ),
    max_leaves=5,
)
OUTPUTS = VALUES.map("{{{{ {} }}}}".format) | st.builds("{{{{ {} | {} }}}}".format, TEXTS, TEXT_FILTERS)
LINES = st.lists(OUTPUTS | st.sampled_from(["text", " ", "\n", "{# c #}", "-"]), max_size=4).map("".join)
STATEMENTS = st.recursive(
    LINES,
    lambda inner: (
        st.builds("{{% if {} %}}{}{{% else %}}\n{}{{% endif %}}\n".format, VALUES, inner, inner)
        | st.builds("{{% for x in l %}}{}{{{{ x }}}}{{{{ loop.index }}}}{{% endfor %}}".format, inner)
        | st.builds("  {{% for y in names if y.name %}}\n{}{{{{ y.name }}}}{{%- endfor %}}\n".format, inner)
    ),
    max_leaves=3,
)


@ANY_MACHINE
@given(STATEMENTS)
def test_a_template_says_what_jinja2_says(source: str) -> None:
    try:
        text = templates.render(source, _scope(PAYLOAD))
    except TemplateError as error:
        assert error.problem == "loops_too_deep"  # noqa: PT017
        return
    assert text == JINJA.from_string(source).render(**PAYLOAD).strip()
