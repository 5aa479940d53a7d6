"""Permission requests: the policy answers what it can, people the rest, and nothing is ever allowed by default (C5).

Options are chosen by kind, never by position or by id: agents order and name them as they like. Whatever does not fit
(an unknown option, a decision of another kind, an agent that offers no way to say yes once) ends as a rejection.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from ccplant_contracts.ids import new_permission_id
from ccplant_contracts.launch import PermissionDecision, Receipt
from ccplant_contracts.policy import PermissionPolicy
from ccplant_contracts.prompt import OptionKind, PermissionOption
from ccplant_contracts.session import Mode
from ccplant_contracts.stream import PermissionOutcome, PermissionRequest, StreamData
from ccplant_runner.activity import Activity
from ccplant_runner.agents.driver import PermissionQuestion
from ccplant_runner.fitting import cut_text, fit
from ccplant_runner.policy import Verdict, Workspace, evaluate

_MAX_KNOWN = 10_000
_MAX_TOOL_BYTES = 32_000

_ALLOW: tuple[OptionKind, ...] = ("allow_once",)
_REJECT: tuple[OptionKind, ...] = ("reject_once", "reject_always")


class PermissionDesk:
    """Asks, remembers, answers."""

    def __init__(
        self,
        policy: PermissionPolicy,
        mode: Mode,
        workspace: Workspace,
        activity: Activity,
        say: Callable[[StreamData], None],
    ) -> None:
        self._policy = policy
        self._mode = mode
        self._workspace = workspace
        self._activity = activity
        self._say = say
        self._pending: dict[str, tuple[tuple[PermissionOption, ...], asyncio.Future[str | None]]] = {}
        self._settled: OrderedDict[str, Literal["applied", "not_applied"]] = OrderedDict()

    async def ask(self, question: PermissionQuestion, prompt_id: str | None) -> str | None:
        """Return the id of the chosen option; None: the agent is to be told that no answer will come."""
        verdict = evaluate(self._policy, self._mode, question.tool_name, question.tool_input, self._workspace)
        permission_id = new_permission_id()
        request = PermissionRequest(
            permission_id=permission_id,
            prompt_id=prompt_id,
            tool_call_id=question.tool_call_id,
            title=cut_text(question.title, 2_000),
            tool=_shown(question),
            options=question.options,
        )
        if verdict.answer == "ask":
            return await self._wait(request)
        option, kind = _by_policy(verdict, question.options)
        self._say(request.model_copy(update={"policy_answer": kind, "policy_rule": verdict.rule}))
        self._settle(permission_id, "applied", option)
        return option

    def decide(self, decision: PermissionDecision) -> Receipt:
        """Take the answer to a request; the same again is answered from what is known."""
        pending = self._pending.get(decision.permission_id)
        if pending is None:
            known = self._settled.get(decision.permission_id)
            return Receipt(ok=known is not None, detail=known or "unknown")
        options, answer = pending
        if not answer.done():
            answer.set_result(_by_decision(decision, options))
        return Receipt(ok=True, detail="applied")

    def withdraw(self) -> None:
        """The agent no longer waits for any of them: its turn was cancelled, or it is gone."""
        for _, answer in list(self._pending.values()):
            answer.cancel()

    async def _wait(self, request: PermissionRequest) -> str | None:
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._pending[request.permission_id] = (request.options, answer)
        self._activity.asked()
        self._say(request)
        try:
            option = await answer
        except asyncio.CancelledError:
            self._settle(request.permission_id, "not_applied", None)
            if answer.cancelled() and not _being_cancelled():
                return None
            raise
        else:
            self._settle(request.permission_id, "applied", option)
            return option
        finally:
            del self._pending[request.permission_id]
            self._activity.answered()

    def _settle(
        self, permission_id: str, outcome: Literal["applied", "not_applied"], option: str | None
    ) -> None:
        self._settled[permission_id] = outcome
        while len(self._settled) > _MAX_KNOWN:
            self._settled.popitem(last=False)
        self._say(PermissionOutcome(permission_id=permission_id, outcome=outcome, option_id=option))


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _shown(question: PermissionQuestion) -> dict[str, Any]:
    shown = {"name": question.tool_name, "kind": question.tool_kind, "input": dict(question.tool_input)}
    fitted = fit(shown, _MAX_TOOL_BYTES)
    return dict(fitted) if isinstance(fitted, Mapping) else {}


def _of_kind(kinds: Sequence[OptionKind], options: Sequence[PermissionOption]) -> PermissionOption | None:
    for kind in kinds:
        for option in options:
            if option.kind == kind:
                return option
    return None


def _by_policy(verdict: Verdict, options: Sequence[PermissionOption]) -> tuple[str | None, OptionKind]:
    if verdict.answer == "allow":
        # who allowed everything has allowed it for good as well, where the agent offers nothing smaller
        allowed = _of_kind((*_ALLOW, "allow_always") if verdict.rule == "allow_all" else _ALLOW, options)
        if allowed is not None:
            return allowed.option_id, allowed.kind
    rejected = _of_kind(_REJECT, options)
    return (None, "reject_once") if rejected is None else (rejected.option_id, rejected.kind)


def _by_decision(decision: PermissionDecision, options: Sequence[PermissionOption]) -> str | None:
    named = next((option for option in options if option.option_id == decision.option_id), None)
    if named is not None and named.kind == decision.kind:
        return named.option_id
    if named is None and decision.option_id is None:
        alike = _of_kind(
            [kind for kind in (*_ALLOW, "allow_always", *_REJECT) if kind == decision.kind], options
        )
        if alike is not None:
            return alike.option_id
    rejected = _of_kind(_REJECT, options)
    return None if rejected is None else rejected.option_id
