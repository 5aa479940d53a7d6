"""What a template may hold: what is listed, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes

from ccplant_contracts.trigger_messages import PROBLEMS
from ccplant_triggers import syntax, templates
from ccplant_triggers.template_errors import TemplateError
from ccplant_triggers.template_filters import FILTERS, TESTS
from tests.unit.triggers.odd_payloads import ANY_MACHINE


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{% set x = 1 %}", "tag_not_allowed"),
        ("{% set x %}a{% endset %}", "tag_not_allowed"),
        ("{% macro m() %}{% endmacro %}", "tag_not_allowed"),
        ("{% include 'x' %}", "tag_not_allowed"),
        ("{% import 'x' as x %}", "tag_not_allowed"),
        ("{% from 'x' import y %}", "tag_not_allowed"),
        ("{% extends 'x' %}", "tag_not_allowed"),
        ("{% block b %}{% endblock %}", "tag_not_allowed"),
        ("{% call x() %}{% endcall %}", "tag_not_allowed"),
        ("{% filter upper %}x{% endfilter %}", "tag_not_allowed"),
        ("{% with x = 1 %}{% endwith %}", "tag_not_allowed"),
        ("{% autoescape true %}{% endautoescape %}", "tag_not_allowed"),
        ("{% do x %}", "syntax"),
        ("{% break %}", "syntax"),
        ("{% trans %}x{% endtrans %}", "syntax"),
        ("{% if x %}", "ends_early"),
        ("{{ x", "ends_early"),
        ("{{ 'a }}", "syntax"),
        ("{{ " + "9" * 5_000 + " }}", "syntax"),
        ("{{ '\\N{nothing}' }}", "syntax"),
        ("{{ x() }}", "call_not_allowed"),
        ("{{ range(3) }}", "call_not_allowed"),
        ("{{ title.upper() }}", "call_not_allowed"),
        ("{{ x | upper() }}", None),
        ("{{ cycler('a', 'b').next }}", "call_not_allowed"),
        ("{{ 1 + 1 }}", "arithmetic_not_allowed"),
        ("{{ 'a' * 1000000 }}", "arithmetic_not_allowed"),
        ("{{ 2 ** 99 }}", "arithmetic_not_allowed"),
        ("{{ 1 - 1 }}", "arithmetic_not_allowed"),
        ("{{ 1 / 0 }}", "arithmetic_not_allowed"),
        ("{{ 1 // 0 }}", "arithmetic_not_allowed"),
        ("{{ '%s' % x }}", "arithmetic_not_allowed"),
        ("{{ -x }}", "arithmetic_not_allowed"),
        ("{{ +x }}", "arithmetic_not_allowed"),
        ("{{ x ~ y }}", "arithmetic_not_allowed"),
        ("{{ x | safe }}", "filter_not_allowed"),
        ("{{ x | attr('y') }}", "filter_not_allowed"),
        ("{{ x | format('y') }}", "filter_not_allowed"),
        ("{{ x | batch(3) }}", "filter_not_allowed"),
        ("{{ x | indent(9999999) }}", "filter_not_allowed"),
        ("{{ x | center(9999999) }}", "filter_not_allowed"),
        ("{{ x is callable }}", "test_not_allowed"),
        ("{{ x is filter }}", "test_not_allowed"),
        ("{{ x is divisibleby(0) }}", "test_not_allowed"),
        ("{{ x | replace('', 'y') }}", "arguments"),
        ("{{ x | replace('a') }}", "arguments"),
        ("{{ x | replace(y, 'b') }}", "arguments"),
        ("{{ x | replace('a', 'b', 3) }}", "arguments"),
        ("{{ x | replace('a', old='b') }}", "arguments"),
        ("{{ x | replace(*y) }}", "arguments"),
        ("{{ x | join(*y) }}", "arguments"),
        ("{{ x | join(**y) }}", "arguments"),
        ("{{ x | replace(**y) }}", "arguments"),
        ("{{ x | truncate('3') }}", "arguments"),
        ("{{ x | truncate(true) }}", "arguments"),
        ("{{ x | map('upper') }}", "arguments"),
        ("{{ x | map }}", "arguments"),
        ("{{ x | upper(1) }}", "arguments"),
        ("{{ x | join(y) }}", "arguments"),
        ("{{ x is matching('" + "*" * 251 + "') }}", "arguments"),
        ("{{ x is startingwith }}", "arguments"),
        ("{{ x._y }}", "private_name"),
        ("{{ x.__class__ }}", "private_name"),
        ("{{ x['__class__'] }}", "private_name"),
        ("{{ x['_y'] }}", "private_name"),
        ("{{ _x }}", "private_name"),
        ("{{ __import__ }}", "private_name"),
        ("{% for _x in y %}{% endfor %}", "private_name"),
        ("{{ x[y] }}", "item_not_constant"),
        ("{{ x['a' if y else 'b'] }}", "item_not_constant"),
        ("{{ x[1.5] }}", "item_not_constant"),
        ("{{ x[none] }}", "item_not_constant"),
        ("{{ x[1:2] }}", "slice_not_allowed"),
        ("{{ x[:7] }}", "slice_not_allowed"),
        ("{{ {'a': 1} }}", "expression_not_allowed"),
        ("{{ [x, y] }}", "list_not_constant"),
        ("{{ [['a']] }}", "list_not_constant"),
        ("{{ (x, y) }}", "list_not_constant"),
        ("{% for a, b in x %}{% endfor %}", "loop_form"),
        ("{% for a in x recursive %}{% endfor %}", "loop_form"),
        ("{% for loop in x %}{% endfor %}", "loop_name_taken"),
        ("{% for payload in x %}{% endfor %}", "loop_name_taken"),
        ("{% for a in x %}" * 3 + "{% endfor %}" * 3, "loops_too_deep"),
        ("{% for a in x %}{% for b in a %}{% if b %}{% for c in b %}{% endfor %}{% endif %}{% endfor %}{% endfor %}",
         "loops_too_deep"),
        ("{{ " + "(" * 3_000 + "x" + ")" * 3_000 + " }}", "too_deep"),
        ("{{ " + "not " * 3_000 + "x }}", "too_deep"),
        ("{{ x" + ".y" * 3_000 + " }}", "too_deep"),
        ("{{ x" + " | upper" * 1_500 + " }}", "too_deep"),
        ("{% if x %}" * 1_500 + "{% endif %}" * 1_500, "too_deep"),
        ("{{ x }}" * 2_000, "too_large"),
        ("{{ x in [" + "1," * 2_000 + "] }}", "too_large"),
    ],
)  # fmt: skip
def test_what_is_not_listed_is_refused_in_messages_and_keys(source: str, problem: str | None) -> None:
    for kind in ("message", "reuse_key"):
        if problem is None:
            templates.check(source, kind=kind)
            continue
        with pytest.raises(TemplateError) as caught:
            templates.check(source, kind=kind)
        assert caught.value.problem == problem


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{% if x %}true{% endif %}", "condition_form"),
        ("{{ x }} and {{ y }}", "condition_form"),
        ("x, but why", "condition_form"),
        ("x y", "condition_form"),
        ("x }}", "condition_form"),
        ("x }} {{ y", "condition_form"),
        ("", "ends_early"),
        ("{{ }}", "ends_early"),
        ("x ==", "ends_early"),
        ("x = 1", "condition_form"),
        ("x and y()", "call_not_allowed"),
        ("x.__class__", "private_name"),
        ("x + 1 > 2", "arithmetic_not_allowed"),
        ("x | attr('y')", "filter_not_allowed"),
        ("(" * 5_000 + "x", "too_deep"),
        (" or ".join(["x"] * 300), "too_deep"),
    ],
)
def test_a_condition_is_one_expression_of_what_is_listed(source: str, problem: str) -> None:
    with pytest.raises(TemplateError) as caught:
        templates.check(source, kind="condition")
    assert caught.value.problem == problem


@pytest.mark.parametrize(
    "source",
    [
        "pull_request.draft == false",
        "{{ pull_request.draft == false }}",
        "{{- not pull_request.draft -}}",
        "action in ['opened', 'reopened'] and not sender.login is endingwith('[bot]')",
        "'{%' in pull_request.body",
        "'}}' in pull_request.body",
        "a\nand\nb",
        "pull_request.labels | map(attribute='name') | join(',') != ''",
    ],
)
def test_a_condition_may_have_its_braces_or_not(source: str) -> None:
    templates.check(source, kind="condition")


@pytest.mark.parametrize(
    ("source", "line"),
    [("a\nb\n{{ x() }}", 3), ("a\n{% set x = 1 %}", 2), ("a\n\n{{ x", 3), ("{{ x\n\n.__y }}", 3)],
)
def test_an_error_says_the_line_and_what_to_write_instead(source: str, line: int) -> None:
    with pytest.raises(TemplateError) as caught:
        templates.check(source, kind="message")
    error = caught.value.of_field("message")
    assert error.line == line
    assert f"message, line {line}: " in error.message
    assert f"message {line} 行目: " in error.text.ja
    assert "?" not in error.text.en
    assert "{problem}" not in error.text.en


def test_every_kind_of_node_is_refused_unless_it_is_listed() -> None:
    """What a later Jinja2 adds has to be let in by hand."""
    concrete = {
        value
        for value in vars(nodes).values()
        if isinstance(value, type) and issubclass(value, nodes.Node) and not value.abstract
    }
    listed = {
        *syntax._PLAIN,
        nodes.Name,
        nodes.Getattr,
        nodes.Getitem,
        nodes.Filter,
        nodes.Test,
        nodes.List,
        nodes.Tuple,
        nodes.For,
    }
    assert {node.__name__ for node in concrete & listed} == {
        *("And", "Compare", "CondExpr", "Const", "Filter", "For", "Getattr", "Getitem", "If", "Keyword", "List", "Name"),
        *("Not", "Operand", "Or", "Output", "Template", "TemplateData", "Test", "Tuple"),
    }  # fmt: skip
    for kind in concrete - listed:
        node = object.__new__(kind)
        node.lineno = 1
        if kind is nodes.Call:
            node.node = nodes.Name("x", "load")  # type: ignore[attr-defined]
        with pytest.raises(TemplateError):
            syntax._check_node(node)


def test_every_problem_that_is_raised_has_its_sentences() -> None:
    named = {"syntax", "filter_not_allowed", "test_not_allowed"}
    assert named <= set(PROBLEMS)
    for code, text in PROBLEMS.items():
        facts = dict.fromkeys(("name", "detail", "allowed", "usage"), "x")
        error = TemplateError(code, 1, **facts)
        assert "?" not in error.text.en + error.text.ja, code
        assert text.ja != text.en


@pytest.mark.parametrize("operations", [FILTERS, TESTS])
def test_what_the_usage_of_a_filter_or_test_shows_is_allowed(operations: dict[str, object]) -> None:
    for name, operation in operations.items():
        usage = operation.usage  # type: ignore[attr-defined]
        assert name in usage
        templates.check("{{ " + usage + " }}", kind="message")


PIECES = st.sampled_from(
    [
        *("{{", "}}", "{%", "%}", "{#", "#}", " ", "\n", "x", "x.y", "__class__", "()", "(", ")", "[", "]", "0", "'a'"),
        *("|", "upper", "attr", "if ", "endif", "else", "for ", "in ", "endfor", "set ", "=", "==", "not ", "and ", "is "),
        *("defined", "range", "self", "*", "**", "+", "~", ",", ":", ".", "{", "}", "raw", "endraw", "loop", "\\"),
    ]
)  # fmt: skip


@ANY_MACHINE
@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_taken_or_refused_with_words_and_nothing_else(source: str) -> None:
    problems: list[TemplateError] = []
    for kind in ("message", "condition"):
        try:
            templates.check(source, kind=kind)
        except TemplateError as error:
            problems.append(error)
    assert all(error.message and error.problem in PROBLEMS for error in problems)
