"""The REST API as the commands use it: one request, one document, one kind of error.

A request that may change something carries an idempotency key, so that it can be sent again after a broken
connection without happening twice.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import BinaryIO, Self
from uuid import uuid4

import httpx

from ccplant_cli.catalogue import current
from ccplant_cli.connection import Target
from ccplant_cli.documents import Document
from ccplant_cli.exits import CliError, Exit, exit_of
from ccplant_cli.language import say

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_AGAIN_AFTER = (0.2, 0.8)
"""Seconds before a second and a third try."""

_PIECE = 64_000

Parameter = str | int | bool | None


def tls(url: str) -> ssl.SSLContext:
    """Return the TLS settings for an address; loading the roots takes longer than a whole request without TLS."""
    return (
        ssl.create_default_context() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )


def headers(target: Target) -> dict[str, str]:
    """Return the headers that say who asks; a token never goes into an address."""
    return {"Authorization": f"Bearer {target.token}"} if target.token else {}


def unreachable(target: Target, error: Exception) -> CliError:
    """Say that nobody answers, and what to do about it."""
    key = "error.unreachable_local" if target.local else "error.unreachable"
    return CliError(say(key, url=target.url, cause=str(error) or type(error).__name__), Exit.UNREACHABLE)


def refusal(status: int, body: bytes, request_id: str, *, with_token: bool) -> CliError:
    """Turn an answer that is an error into ours."""
    error = Document.parse(body).inner("error")
    code = error.text("code")
    details = error.inner("details")
    fields = tuple(details.each("fields"))
    translated = "" if fields else details.inner("text").text(current())
    message = translated or error.text("message") or say("error.status", status=status)
    lines = [
        f"{field.text('field')}: {field.inner('text').text(current()) or field.text('problem')}"
        for field in fields
    ]
    if len(fields) == 1 and "text" in fields[0]:
        message = lines[0]
    if len(fields) > 1:
        # The message names the first one only.
        message += "".join(f"\n  {line}" for line in lines)
    exit_code = exit_of(code, status)
    hint = ""
    if exit_code is Exit.UNAUTHORISED and status == 401:
        hint = say("hint.token_wrong" if with_token else "hint.token_missing")
    return CliError(
        message, exit_code, error_code=code or f"HTTP_{status}", hint=hint,
        request_id=error.text("request_id") or request_id,
    )  # fmt: skip


class Client:
    """A connection to the API; close it after use."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._http = httpx.Client(
            base_url=target.url, headers=headers(target), timeout=TIMEOUT, verify=tls(target.url),
            trust_env=not target.loopback,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, /, **parameters: Parameter) -> Document:
        """Read."""
        return self.request("GET", path, parameters=parameters)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Document:
        """Create or act, once."""
        return self.request("POST", path, body=body or {}, key=uuid4().hex)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        parameters: Mapping[str, Parameter] | None = None,
        key: str | None = None,
    ) -> Document:
        """Send one request, again where the connection broke, and return the document that answers it.

        Raises:
            CliError: nobody answered, or the server refused.
        """
        given = _given(parameters or {})
        for delay in (*_AGAIN_AFTER, None):
            try:
                answer = self._http.request(
                    method, path, json=body, params=given, headers={"Idempotency-Key": key} if key else None
                )
            except httpx.HTTPError as error:
                # A connection that was refused is told at once: nobody is there. One that broke is tried again.
                if delay is None or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    raise unreachable(self.target, error) from error
                time.sleep(delay)
                continue
            if answer.is_success:
                return Document.parse(answer.content) if answer.content else Document()
            raise self._refused(answer)
        raise AssertionError("the last try returns or raises")

    def upload(self, path: str, content: BinaryIO, name: str, media_type: str | None) -> Document:
        """Send a file; one that was sent twice because a connection broke lies unused and goes by itself.

        Raises:
            CliError: nobody answered, or the server refused.
            OSError: the file cannot be read.
        """
        size = content.seek(0, os.SEEK_END)
        sent = {"Content-Length": str(size), **({"Content-Type": media_type} if media_type else {})}
        for delay in (*_AGAIN_AFTER, None):
            content.seek(0)
            try:
                answer = self._http.post(
                    path, params={"name": name}, content=iter(lambda: content.read(_PIECE), b""), headers=sent
                )
            except httpx.HTTPError as error:
                if delay is None or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    raise unreachable(self.target, error) from error
                time.sleep(delay)
                continue
            if answer.is_success:
                return Document.parse(answer.content)
            raise self._refused(answer)
        raise AssertionError("the last try returns or raises")

    def download(self, path: str, to: BinaryIO, **parameters: Parameter) -> int:
        """Write what is answered, as it comes; return how much it was.

        Raises:
            CliError: nobody answered, the server refused, or the answer broke off.
            OSError: it cannot be written.
        """
        size = 0
        with self._streamed(path, parameters) as answer:
            for piece in answer.iter_bytes():
                size += to.write(piece)
        return size

    def lines(self, path: str, **parameters: Parameter) -> Iterator[str]:
        """Yield what is answered line by line.

        Raises:
            CliError: as in `download`.
        """
        with self._streamed(path, parameters) as answer:
            yield from answer.iter_lines()

    @contextmanager
    def _streamed(self, path: str, parameters: Mapping[str, Parameter]) -> Iterator[httpx.Response]:
        try:
            with self._http.stream("GET", path, params=_given(parameters)) as answer:
                if not answer.is_success:
                    answer.read()
                    raise self._refused(answer)
                yield answer
        except httpx.HTTPError as error:
            raise unreachable(self.target, error) from error

    def _refused(self, answer: httpx.Response) -> CliError:
        return refusal(
            answer.status_code, answer.content, answer.headers.get("X-Request-Id", ""),
            with_token=self.target.token is not None,
        )  # fmt: skip


def _given(parameters: Mapping[str, Parameter]) -> dict[str, str | int | bool]:
    return {name: value for name, value in parameters.items() if value is not None}
