"""How a command ends: its exit code, and the one error that carries it.

Scripts read the code and people the sentence; both come from the same place, so that they cannot disagree.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; they are part of the interface (docs/cli.md)."""

    OK = 0
    FAILED = 1
    """The session or the turn failed, or the server could not do it."""
    USAGE = 2
    """The command line or the request is wrong."""
    NOT_FOUND = 3
    UNAUTHORISED = 4
    CONFLICT = 5
    UNREACHABLE = 6
    """No server answers at the address."""
    TRY_LATER = 7
    """A limit is reached, or it is not ready yet."""
    NOT_DONE = 8
    """The turn was interrupted, cancelled or never delivered."""
    TIMED_OUT = 124
    INTERRUPTED = 130


class CliError(Exception):
    """A command cannot go on: what happened and what to do, in one sentence."""

    def __init__(
        self,
        message: str,
        code: Exit = Exit.FAILED,
        *,
        error_code: str = "",
        request_id: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.error_code = error_code
        """The server's code, where it was the server that refused."""
        self.request_id = request_id
        self.hint = hint


_OF_SERVER = {
    "INVALID_REQUEST": Exit.USAGE,
    "PAYLOAD_TOO_LARGE": Exit.USAGE,
    "UNAUTHORIZED": Exit.UNAUTHORISED,
    "FORBIDDEN": Exit.UNAUTHORISED,
    "NOT_FOUND": Exit.NOT_FOUND,
    "CONFLICT": Exit.CONFLICT,
    "RESOURCE_QUOTA_EXCEEDED": Exit.TRY_LATER,
    "RATE_LIMIT_EXCEEDED": Exit.TRY_LATER,
    "SESSION_NOT_READY": Exit.TRY_LATER,
    "UNAVAILABLE": Exit.TRY_LATER,
}
_OF_STATUS = {
    400: Exit.USAGE,
    401: Exit.UNAUTHORISED,
    403: Exit.UNAUTHORISED,
    404: Exit.NOT_FOUND,
    409: Exit.CONFLICT,
    413: Exit.USAGE,
    429: Exit.TRY_LATER,
    502: Exit.UNREACHABLE,
    503: Exit.TRY_LATER,
    504: Exit.UNREACHABLE,
}


def exit_of(code: str, status: int) -> Exit:
    """Return the exit code of a refusal: by its code, else by its HTTP status (a proxy's answer has no code)."""
    return _OF_SERVER.get(code) or _OF_STATUS.get(status, Exit.FAILED)


_OF_TURN = {"done": Exit.OK, "failed": Exit.FAILED}


def exit_of_turn(state: str) -> Exit:
    """Return the exit code of a turn's end: done, failed, or anything that is neither."""
    return _OF_TURN.get(state, Exit.NOT_DONE)
