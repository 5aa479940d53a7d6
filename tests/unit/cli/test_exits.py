"""Exit codes are part of the interface."""

from __future__ import annotations

import pytest

from ccplant_cli.chat.feed import Retry, judge_close
from ccplant_cli.client import refusal
from ccplant_cli.exits import CliError, Exit, exit_of, exit_of_turn
from ccplant_contracts import errors


@pytest.mark.parametrize(
    ("code", "status", "exit_code"),
    [
        ("INVALID_REQUEST", 400, 2),
        ("UNAUTHORIZED", 401, 4),
        ("FORBIDDEN", 403, 4),
        ("NOT_FOUND", 404, 3),
        ("CONFLICT", 409, 5),
        ("PAYLOAD_TOO_LARGE", 413, 2),
        ("RATE_LIMIT_EXCEEDED", 429, 7),
        ("SESSION_NOT_READY", 503, 7),
        ("INTERNAL_ERROR", 500, 1),
        ("", 502, 6),
        ("SOMETHING_NEW", 418, 1),
    ],
)
def test_a_refusal_has_its_exit_code(code: str, status: int, exit_code: int) -> None:
    assert exit_of(code, status) == exit_code


def test_every_error_of_the_api_has_an_exit_code_of_its_kind() -> None:
    shared = [error for error in errors.ApiError.__subclasses__() if error.__module__ == errors.__name__]
    assert shared
    for error in shared:
        assert exit_of(error.code, error.status) is not Exit.FAILED


def test_turns_end_as_done_failed_or_neither() -> None:
    assert exit_of_turn("done") == 0
    assert exit_of_turn("failed") == 1
    assert {
        int(exit_of_turn(state))
        for state in ("interrupted", "cancelled", "removed", "undelivered", "unknown")
    } == {8}


def test_a_refusal_tells_each_wrong_field_and_the_request_id() -> None:
    body = (
        b'{"error": {"code": "INVALID_REQUEST", "message": "name: is too long (and 1 more)", "request_id": "req-1", '
        b'"details": {"fields": [{"field": "name", "problem": "is too long"}, {"field": "x", "problem": "is unknown"}]}}}'
    )
    error = refusal(400, body, "", with_token=True)
    assert error.message.endswith("\n  name: is too long\n  x: is unknown")
    assert (error.code, error.request_id) == (Exit.USAGE, "req-1")


@pytest.mark.parametrize(("language", "said"), [("ja", "name: 必須です"), ("en", "name: is required")])
def test_a_refusal_of_one_field_is_in_the_persons_language(
    language: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccplant_cli.client.current", lambda: language)
    body = (
        '{"error": {"code": "INVALID_REQUEST", "message": "name: is required", "details": {"fields": ['
        '{"field": "name", "problem": "is required", "text": {"ja": "必須です", "en": "is required"}}]}}}'
    )
    assert refusal(400, body.encode(), "", with_token=True).message == said


def test_an_answer_that_is_not_ours_is_still_an_error_with_a_sentence() -> None:
    error = refusal(502, b"<html>Bad gateway", "req-9", with_token=True)
    assert (error.code, error.request_id, error.error_code) == (Exit.UNREACHABLE, "req-9", "HTTP_502")
    assert "502" in error.message


def test_close_codes_say_whether_coming_back_helps() -> None:
    assert judge_close(1000, "") == "ended"
    assert {judge_close(code, "") for code in (1001, 1006, 1011, 1013)} == {"again"}
    for code, exit_code in ((4404, Exit.NOT_FOUND), (1008, Exit.UNAUTHORISED)):
        with pytest.raises(CliError) as caught:
            judge_close(code, "")
        assert caught.value.code is exit_code


def test_delays_between_tries_grow_and_stay_bounded() -> None:
    retry = Retry(first=0.25, longest=8.0)
    assert all(0 < retry.delay(failures) <= 8.0 for failures in range(200))
    assert max(retry.delay(0) for _ in range(50)) <= 0.25
