"""Walks a checked tree over a payload: values in, text out, a bounded number of steps.

Names and attributes are looked up in JSON objects only; comparisons and operators are total, so that a payload
of an unexpected shape makes a condition false rather than a delivery fail: what is missing is empty and false,
and unlike types are neither equal nor ordered.
"""

from __future__ import annotations

import operator
from collections import ChainMap
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from jinja2 import nodes

from ccplant_triggers.bounds import MAX_ITEMS, MAX_TEXT, Steps
from ccplant_triggers.output import Output
from ccplant_triggers.syntax import arguments
from ccplant_triggers.template_errors import TemplateError
from ccplant_triggers.template_filters import FILTERS, TESTS
from ccplant_triggers.values import MISSING, Missing, Own

Scope = ChainMap[str, object]

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"lt": operator.lt, "lteq": operator.le, "gt": operator.gt, "gteq": operator.ge}
)


class Evaluation:
    """One rendering of one template."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def write(self, statements: list[nodes.Node], scope: Scope, output: Output) -> None:
        """Write what the statements say.

        Raises:
            TemplateError: it is too much work, or a loop goes through what is no list.
            OutputFull: there is no room for more.
        """
        for node in statements:
            self._steps.spend()
            if isinstance(node, nodes.Output):
                for part in node.nodes:
                    if isinstance(part, nodes.TemplateData):
                        output.write(Own(part.data))
                    else:
                        self._write_value(self.value(part, scope), output)
            elif isinstance(node, nodes.If):
                self._write_if(node, scope, output)
            elif isinstance(node, nodes.For):
                self._write_for(node, scope, output)
            else:
                raise _unexpected(node)

    def _write_value(self, value: object, output: Output) -> None:
        text = self._steps.text(value)
        output.write(Own(text) if _is_plain(value) else text)

    def _write_if(self, node: nodes.If, scope: Scope, output: Output) -> None:
        for branch in (node, *node.elif_):
            if self.value(branch.test, scope):
                self.write(branch.body, scope, output)
                return
        self.write(node.else_, scope, output)

    def _write_for(self, node: nodes.For, scope: Scope, output: Output) -> None:
        name = node.target.name if isinstance(node.target, nodes.Name) else ""
        items = self.value(node.iter, scope)
        if isinstance(items, Missing) or items is None:
            items = []
        if not isinstance(items, list | tuple):
            raise TemplateError("not_a_list", node.lineno, name=_name(node.iter))
        chosen = items[:MAX_ITEMS]
        if node.test is not None:
            chosen = [item for item in chosen if self.value(node.test, scope.new_child({name: item}))]
        for index, item in enumerate(chosen):
            self._steps.spend()
            loop = {
                "index": index + 1,
                "index0": index,
                "first": index == 0,
                "last": index == len(chosen) - 1,
                "length": len(chosen),
            }
            self.write(node.body, scope.new_child({name: item, "loop": loop}), output)
        if not chosen:
            self.write(node.else_, scope, output)

    def value(self, node: nodes.Node, scope: Scope) -> object:
        """Return what an expression is.

        Raises:
            TemplateError: it is too much work, or compares what cannot be compared.
        """
        self._steps.spend()
        if isinstance(node, nodes.Const):
            return Own(node.value) if isinstance(node.value, str) else node.value
        if isinstance(node, nodes.Name):
            return scope.get(node.name, MISSING)
        if isinstance(node, nodes.Getattr):
            return self._part(self.value(node.node, scope), node.attr)
        if isinstance(node, nodes.Getitem):
            name = node.arg.value if isinstance(node.arg, nodes.Const) else None
            return self._part(self.value(node.node, scope), name)
        if isinstance(node, nodes.And):
            return self.value(node.left, scope) and self.value(node.right, scope)
        if isinstance(node, nodes.Or):
            return self.value(node.left, scope) or self.value(node.right, scope)
        if isinstance(node, nodes.Not):
            return not self.value(node.node, scope)
        if isinstance(node, nodes.Compare):
            return self._compare(node, scope)
        if isinstance(node, nodes.CondExpr):
            if self.value(node.test, scope):
                return self.value(node.expr1, scope)
            return MISSING if node.expr2 is None else self.value(node.expr2, scope)
        if isinstance(node, nodes.List | nodes.Tuple):
            return [self.value(item, scope) for item in node.items]
        if isinstance(node, nodes.Filter | nodes.Test):
            return self._apply(node, scope)
        raise _unexpected(node)

    def _part(self, value: object, name: object) -> object:
        if isinstance(name, str):
            found = value.get(name, MISSING) if isinstance(value, Mapping) else MISSING
        elif isinstance(name, int) and isinstance(value, list | tuple):
            found = value[name] if 0 <= name < len(value) else MISSING
        else:
            return MISSING
        if isinstance(found, str) and len(found) > MAX_TEXT:
            self._steps.spend(64)
            return found[:MAX_TEXT]
        return found

    def _apply(self, node: nodes.Filter | nodes.Test, scope: Scope) -> object:
        operation = (FILTERS if isinstance(node, nodes.Filter) else TESTS)[node.name]
        given = arguments(node, operation)
        if given is None or node.node is None:
            raise _unexpected(node)
        values = [
            parameter.default if argument is None else self.value(argument, scope)
            for parameter, argument in zip(operation.parameters, given, strict=True)
        ]
        return operation.apply(self._steps, self.value(node.node, scope), values)

    def _compare(self, node: nodes.Compare, scope: Scope) -> bool:
        left = self.value(node.expr, scope)
        for operand in node.ops:
            right = self.value(operand.expr, scope)
            if not self._holds(operand.op, left, right, node.lineno):
                return False
            left = right
        return True

    def _holds(self, op: str, left: object, right: object, line: int) -> bool:
        if op in ("in", "notin"):
            return self._within(left, right, line) is (op == "in")
        if op in ("eq", "ne"):
            return self._same(left, right, line) is (op == "eq")
        if isinstance(left, str) and isinstance(right, str):
            self._steps.read(left)
            return _ORDER[op](left, right)
        return _is_number(left) and _is_number(right) and _ORDER[op](left, right)

    def _within(self, value: object, container: object, line: int) -> bool:
        if isinstance(container, str):
            if not isinstance(value, str):
                return False
            self._steps.find(container, value)
            return value in container
        if isinstance(container, Mapping):
            return isinstance(value, str) and value in container
        if isinstance(container, list | tuple):
            return any(self._same(value, item, line, within=True) for item in container[:MAX_ITEMS])
        return False

    def _same(self, left: object, right: object, line: int, *, within: bool = False) -> bool:
        self._steps.spend()
        if isinstance(left, list | tuple | Mapping) or isinstance(right, list | tuple | Mapping):
            if within and not isinstance(left, list | tuple | Mapping):
                return False
            # their size is the payload's, and what compares them is Python's, uncounted
            raise TemplateError("not_comparable", line)
        if isinstance(left, Missing) or isinstance(right, Missing):
            return False
        if isinstance(left, bool) or isinstance(right, bool):
            return left is right
        if isinstance(left, str):
            self._steps.read(left)
        return left == right


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | Missing)


def _name(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    return f"{_name(node.node)}.{node.attr}" if isinstance(node, nodes.Getattr) else "…"


def _unexpected(node: nodes.Node) -> TemplateError:
    # the check refuses it before: said all the same, so that a gap between the two is no way in
    return TemplateError("expression_not_allowed", node.lineno, name=type(node).__name__)
