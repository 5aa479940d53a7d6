"""Answering a permission request: one compare-and-set, so that of two who click at once one has answered (C5)."""

from __future__ import annotations

from collections.abc import Sequence

from ccplant_api.errors.validation import invalid_field
from ccplant_api.gateway import Gateway
from ccplant_api.principals.authentication import Principal
from ccplant_contracts.errors import ConflictError, InvalidRequestError, NotFoundError
from ccplant_contracts.prompt import PermissionAnswer, PermissionOption, PermissionResource
from ccplant_platform.faults import fault_point


def chosen(options: Sequence[PermissionOption], option: str) -> PermissionOption:
    """Return the option of this id, else the first of this kind.

    Raises:
        InvalidRequestError: the request has no such option.
    """
    for candidate in options:
        if candidate.option_id == option:
            return candidate
    for candidate in options:
        if candidate.kind == option:
            return candidate
    raise _no_such_option(options)


def _no_such_option(options: Sequence[PermissionOption]) -> InvalidRequestError:
    offered = [
        {"option_id": option.option_id, "kind": option.kind, "name": option.name} for option in options
    ]
    return invalid_field(
        "option", "is neither the id nor the kind of an option that is offered", options=offered
    )


async def answer_permission(
    gateway: Gateway, caller: Principal, session_id: str, permission_id: str, option: str
) -> PermissionResource:
    """Answer a request; `applied` says whether the runner has acted on it yet.

    Raises:
        ConflictError: it was answered before; the details show how.
        InvalidRequestError: there is no such option.
        NotFoundError: there is no such request.
    """
    permission = await gateway.store.permissions.get(session_id, permission_id)
    if permission is None or permission.owner != caller.user_id:
        raise NotFoundError("There is no such permission request in this session.")
    picked = chosen(permission.options, option)
    answer = PermissionAnswer(
        option_id=picked.option_id,
        kind=picked.kind,
        source="user",
        by=caller.user_id,
        at=gateway.clock.now(),
    )
    answered = await gateway.store.permissions.answer(session_id, permission_id, answer)
    if answered is None:
        there = await gateway.store.permissions.get(session_id, permission_id)
        first = None if there is None or there.answer is None else there.answer.model_dump(mode="json")
        raise ConflictError(
            "The request was answered before.",
            details={"state": "answered" if there is None else there.state.value, "answer": first},
        )
    fault_point("api.intent.written")
    gateway.bus.command("permission.deliver", session_id, target=permission_id)
    gateway.changed(session_id, "permission", permission_id, answered.version)
    return answered.resource()
