"""Templates over a delivery's payload: a message, a condition, a reuse key (W1, W3).

A template is its owner's, its payload a stranger's, and it runs within the service that receives everybody's
deliveries. So what it may hold is an allow-list that is asked when it is saved (`syntax`), and what it may do
is counted (`bounds`, `output`): no template can take the service's memory or time, and none can reach beyond
the payload.

Names in a template are the payload's own (`pull_request.title`), and `event`, `payload` (all of it) and
`facts`, which stand in the same place for each kind of event: `facts.number`, say. docs/templates.md has all of
it.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any, Literal, cast

from ccplant_triggers import syntax
from ccplant_triggers.bounds import Steps
from ccplant_triggers.evaluation import Evaluation, Scope
from ccplant_triggers.output import Output, OutputFull
from ccplant_triggers.payloads import PayloadFacts
from ccplant_triggers.template_errors import TemplateError
from ccplant_triggers.untrusted import Marks

__all__ = ["Kind", "Scope", "TemplateError", "check", "evaluate", "render", "scope_of"]

Kind = Literal["message", "condition", "reuse_key"]


def check(source: str, *, kind: Kind) -> None:
    """Refuse a template that cannot be read, or holds what is not allowed.

    Raises:
        TemplateError: with the line, and what to write instead.
    """
    if kind == "condition":
        syntax.expression(source)
    else:
        syntax.template(source)


def scope_of(event: str, payload: Mapping[str, Any], facts: PayloadFacts) -> Scope:
    """Return the names of a template; the payload is not copied."""
    own: dict[str, object] = {"event": event, "facts": facts.scope(), "payload": payload}
    return ChainMap(own, cast("dict[str, object]", payload))


def render(source: str, scope: Scope, *, nonce: str | None = None) -> str:
    """Return the text of a template, cut at 64 kB, blanks around it removed.

    With a nonce, what comes from the payload and is no identifier is marked as untrusted.

    Raises:
        TemplateError: it is not allowed, or failed on this payload. Too much work cuts a text that is marked (a message)
            and fails any other.
    """
    tree = syntax.template(source)
    output = Output(None if nonce is None else Marks(nonce))
    try:
        Evaluation(Steps()).write(tree.body, scope, output)
    except OutputFull:
        pass
    except TemplateError as error:
        if error.problem != "too_much_work" or nonce is None or not output.stop():
            raise
    except RecursionError:
        raise TemplateError("too_deep") from None
    return output.text()


def evaluate(source: str, scope: Scope) -> bool:
    """Return whether a condition holds.

    Raises:
        TemplateError: it is not allowed, or failed on this payload.
    """
    tree = syntax.expression(source)
    try:
        return bool(Evaluation(Steps()).value(tree, scope))
    except RecursionError:
        raise TemplateError("too_deep") from None
