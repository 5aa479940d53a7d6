"""What a template may hold: an allow-list over the tree that Jinja2's parser makes, asked when a webhook is
saved.

Only the parser is used. Nothing is compiled to Python and no Python attribute is ever read (`evaluation` walks
the tree), so there is no way from a template to Python's internals, whatever the payload holds. A node that is
not listed is refused: what a later Jinja2 adds is refused too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar, cast

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from ccplant_triggers.template_errors import TemplateError
from ccplant_triggers.template_filters import FILTERS, TESTS, Operation, Parameter

_Tree = TypeVar("_Tree", bound=nodes.Node)

MAX_DEPTH = 60
"""Of nested expressions and statements."""
MAX_NODES = 1_000
"""Names, attributes, constants, operators and texts between; what is kept in memory of a template."""
MAX_LOOPS = 2
RESERVED = frozenset({"event", "facts", "loop", "payload"})

_ENVIRONMENT = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False, extensions=())  # noqa: S701
# Nothing is rendered by it, and what comes out is no HTML.

_ARITHMETIC: Mapping[type[nodes.Node], str] = MappingProxyType(
    {
        nodes.Add: "+",
        nodes.Sub: "-",
        nodes.Mul: "*",
        nodes.Div: "/",
        nodes.FloorDiv: "//",
        nodes.Mod: "%",
        nodes.Pow: "**",
        nodes.Neg: "-",
        nodes.Pos: "+",
        nodes.Concat: "~",
    }
)
_PLAIN = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Const,
    nodes.Keyword,
    nodes.Operand,
)
"""Nodes that are allowed as they are; their children are asked for themselves."""

_TAGS: Mapping[type[nodes.Node], str] = MappingProxyType(
    {
        nodes.Assign: "set",
        nodes.AssignBlock: "set",
        nodes.Block: "block",
        nodes.CallBlock: "call",
        nodes.Extends: "extends",
        nodes.FilterBlock: "filter",
        nodes.FromImport: "from",
        nodes.Import: "import",
        nodes.Include: "include",
        nodes.Macro: "macro",
        nodes.Scope: "autoescape",
        nodes.ScopedEvalContextModifier: "autoescape",
        nodes.With: "with",
    }
)


@lru_cache(maxsize=64)
def template(source: str) -> nodes.Template:
    """Return the tree of a text with ``{{ }}`` and ``{% %}``, checked.

    Raises:
        TemplateError: it cannot be read, or holds what is not allowed.
    """
    tree = _parsed(lambda: _ENVIRONMENT.parse(source))
    _check(tree)
    return tree


@lru_cache(maxsize=64)
def expression(source: str) -> nodes.Expr:
    """Return the tree of one expression, checked; ``{{ }}`` around all of it may be there.

    Raises:
        TemplateError: it is none, cannot be read, or holds what is not allowed.
    """
    inner = source.strip()
    if inner.startswith("{{") and inner.endswith("}}"):
        inner = inner[2:-2].strip("-+")

    def parse() -> nodes.Expr:
        parser = Parser(_ENVIRONMENT, inner, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateError("condition_form", parser.stream.current.lineno)
        return tree

    try:
        tree = _parsed(parse)
    except TemplateError as error:
        if error.problem in ("syntax", "ends_early") and ("{%" in inner or "{{" in inner):
            raise TemplateError("condition_form", error.line) from None
        raise
    _check(tree)
    return tree


def _parsed(parse: Callable[[], _Tree]) -> _Tree:
    try:
        return parse()
    except TemplateSyntaxError as error:
        said = error.message or ""
        if "end of template" in said:  # which a condition is not
            raise TemplateError("ends_early", error.lineno) from None
        raise TemplateError("syntax", error.lineno, detail=said) from None
    except RecursionError:
        raise TemplateError("too_deep") from None
    except (ValueError, OverflowError) as error:
        if isinstance(error, TemplateError):
            raise
        raise TemplateError("syntax", detail="a number or text in it is not valid") from None


def _check(tree: nodes.Node) -> None:
    # by hand, not recursive: the depth of what was parsed is the user's
    left: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    count = 0
    while left:
        node, depth, loops = left.pop()
        count += 1
        if count > MAX_NODES:
            raise TemplateError("too_large", node.lineno)
        if depth > MAX_DEPTH:
            raise TemplateError("too_deep", node.lineno)
        if isinstance(node, nodes.For):
            loops += 1
            if loops > MAX_LOOPS:
                raise TemplateError("loops_too_deep", node.lineno)
        _check_node(node)
        left.extend((child, depth + 1, loops) for child in node.iter_child_nodes())


def _check_node(node: nodes.Node) -> None:
    if isinstance(node, _PLAIN):
        return
    if isinstance(node, nodes.Name):
        _readable(node.name, node.lineno)
    elif isinstance(node, nodes.Getattr):
        _readable(node.attr, node.lineno)
    elif isinstance(node, nodes.Getitem):
        _check_item(node)
    elif isinstance(node, nodes.Filter):
        _check_named(node, "filter", FILTERS)
    elif isinstance(node, nodes.Test):
        _check_named(node, "test", TESTS)
    elif isinstance(node, nodes.List | nodes.Tuple):
        # of constants: what is computed would be kept, item by item
        if not all(isinstance(item, nodes.Const) for item in node.items):
            raise TemplateError("list_not_constant", node.lineno)
    elif isinstance(node, nodes.For):
        _check_loop(node)
    else:
        raise _refused(node)


def _readable(name: str, line: int) -> None:
    if name.startswith("_"):
        raise TemplateError("private_name", line, name=name[:60])


def _check_item(node: nodes.Getitem) -> None:
    if isinstance(node.arg, nodes.Slice):
        raise TemplateError("slice_not_allowed", node.lineno)
    if not isinstance(node.arg, nodes.Const) or not isinstance(node.arg.value, str | int):
        raise TemplateError("item_not_constant", node.lineno)
    if isinstance(node.arg.value, str):
        _readable(node.arg.value, node.lineno)


def _check_loop(node: nodes.For) -> None:
    if node.recursive or not isinstance(node.target, nodes.Name):
        raise TemplateError("loop_form", node.lineno)
    if node.target.name in RESERVED:
        raise TemplateError("loop_name_taken", node.lineno, name=node.target.name)


def _check_named(node: nodes.Filter | nodes.Test, what: str, known: Mapping[str, Operation]) -> None:
    operation = known.get(node.name)
    if operation is None:
        allowed = ", ".join(sorted(known))
        raise TemplateError(f"{what}_not_allowed", node.lineno, name=node.name[:60], allowed=allowed)
    if node.node is None or not _fits(node, operation):
        raise TemplateError("arguments", node.lineno, name=node.name, usage=operation.usage)


def _fits(node: nodes.Filter | nodes.Test, operation: Operation) -> bool:
    given = arguments(node, operation)
    if given is None:
        return False
    for parameter, argument in zip(operation.parameters, given, strict=True):
        if argument is None:
            if parameter.default is None:
                return False
        elif not parameter.computed and not _suits(argument, parameter):
            return False
    return True


def _suits(argument: nodes.Expr, parameter: Parameter) -> bool:
    # exactly: True is an int, and where a number belongs it is a mistake
    if not isinstance(argument, nodes.Const) or type(argument.value) is not parameter.kind:
        return False
    value: object = argument.value
    size = len(value) if isinstance(value, str) else value if isinstance(value, int) else 0
    return parameter.least <= size <= parameter.most


def arguments(node: nodes.Filter | nodes.Test, operation: Operation) -> list[nodes.Expr | None] | None:
    """Return the argument of each parameter, None where it is not given; None where they do not fit."""
    names = [parameter.name for parameter in operation.parameters]
    by_place = sum(not parameter.named for parameter in operation.parameters)
    if node.dyn_args or node.dyn_kwargs or len(node.args) > by_place:
        return None
    found: list[nodes.Expr | None] = [*node.args, *[None] * (len(names) - len(node.args))]
    for pair in cast("list[nodes.Keyword]", node.kwargs):
        if pair.key not in names or found[names.index(pair.key)] is not None:
            return None
        found[names.index(pair.key)] = pair.value
    return found


def _refused(node: nodes.Node) -> TemplateError:
    kind = type(node)
    if kind in _TAGS:
        return TemplateError("tag_not_allowed", node.lineno, name=_TAGS[kind])
    if kind in _ARITHMETIC:
        return TemplateError("arithmetic_not_allowed", node.lineno, name=_ARITHMETIC[kind])
    if isinstance(node, nodes.Call):
        target = node.node
        name = target.name if isinstance(target, nodes.Name) else getattr(target, "attr", "…")
        return TemplateError("call_not_allowed", node.lineno, name=str(name)[:60])
    if isinstance(node, nodes.Slice):
        return TemplateError("slice_not_allowed", node.lineno)
    return TemplateError("expression_not_allowed", node.lineno, name=kind.__name__)
