"""From the API server's answers to the two kinds of failure that the runtime's seam knows.

What the server refuses by rule (quota, admission, rights, an object that is not valid) will be refused again: it goes
to the session's owner in the server's own words. Everything else may work a moment later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ccplant_contracts.messages import explain
from ccplant_contracts.session import Diagnosis
from ccplant_orchestrator.runtimes.kubernetes.api import ApiError, Json, UnreachableError
from ccplant_orchestrator.runtimes.kubernetes.diagnosis import diagnose_refusal
from ccplant_orchestrator.runtimes.protocol import LaunchRefusedError, RuntimeFailedError

_BY_RULE = frozenset({400, 403, 404, 413, 422})
_NOT_YET = ("cannot create resource", "error looking up service account", "not yet ready to handle request")
"""Also 403, but no rule: rights that are not there (yet), and a server or a namespace that has just begun."""


@contextmanager
def reported() -> Iterator[None]:
    """Turn what the client raises into "not now"."""
    try:
        yield
    except ApiError as error:
        said = f"the API server refused: {error}"
        raise RuntimeFailedError(said, diagnosis=_rights_missing(error)) from error
    except UnreachableError as error:
        raise RuntimeFailedError(str(error)) from error


@contextmanager
def refusable(what: str) -> Iterator[None]:
    """While something of a launch is made: what is refused by rule is hopeless."""
    try:
        yield
    except ApiError as error:
        if is_hopeless(error):
            problem = diagnose_refusal(error.status, error.reason, error.message, what=what)
            raise LaunchRefusedError(problem.diagnosis, hopeless=problem.hopeless) from error
        raise


def _rights_missing(error: ApiError) -> Diagnosis | None:
    """Say which right is missing, where that is what is wrong."""
    if error.status != 403:
        return None
    found = diagnose_refusal(error.status, error.reason, error.message).diagnosis
    return found if found.code == "rights_missing" else None


def is_hopeless(error: ApiError) -> bool:
    """Tell whether the same request would be refused again."""
    return error.status in _BY_RULE and not any(words in error.message for words in _NOT_YET)


def refused(detail: str) -> LaunchRefusedError:
    """Return the refusal of what could not even be asked for."""
    entry = explain("start_failed", detail=detail)
    return LaunchRefusedError(
        Diagnosis(
            code="start_failed",
            message={"ja": entry.message.ja, "en": entry.message.en},
            hint={"ja": entry.hint.ja, "en": entry.hint.en},
            evidence={"detail": detail},
        )
    )


def name_taken(kind: str, obj: Json) -> LaunchRefusedError:
    """Say that somebody else's object has the name that is needed; it is never touched."""
    name = obj.get("metadata", {}).get("name")
    return refused(f"there is a {kind} {name} that ccplant did not make")
