"""Starts the session's MCP servers as far as their `initialize`, so that their states are real in a demo too (D4)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

_SECONDS = 20.0
_INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "ccplant-demo", "version": "0.1.0"},
    },
}

Say = Callable[..., None]


class McpFailedError(Exception):
    """A server did not get as far as its `initialize`."""


async def start_servers(servers: dict[str, dict[str, Any]], say: Say) -> None:
    """Start all at once and report each one's state; those that answer stay connected."""
    await asyncio.gather(*(_start(name, server, say) for name, server in servers.items()))


async def _start(name: str, server: dict[str, Any], say: Say) -> None:
    say("mcp", server={"name": name, "state": "starting"})
    try:
        if server["type"] == "stdio":
            process = await _stdio(server)
        else:
            process = None
            await asyncio.to_thread(_http, server)
    except (McpFailedError, OSError, ValueError) as error:
        say("mcp", server={"name": name, "state": "failed", "error": str(error)[:2_000]})
        return
    say("mcp", server={"name": name, "state": "ready"})
    if process is not None:
        code = await process.wait()
        say("mcp", server={"name": name, "state": "failed", "error": f"ended with exit code {code}"})


async def _stdio(server: dict[str, Any]) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        server["command"],
        *server["args"],
        env={**os.environ, **server["env"]},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=16 << 20,
    )
    errors = asyncio.create_task(_last_words(process))
    try:
        async with asyncio.timeout(_SECONDS):
            await _shake_hands(process)
    except TimeoutError:
        process.kill()
        raise McpFailedError(f"no answer to initialize within {_SECONDS:g} s") from None
    except (McpFailedError, OSError) as error:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        code = await process.wait()
        if isinstance(error, ConnectionError):
            error = McpFailedError(f"ended with exit code {code} before it answered initialize")
        raise McpFailedError(f"{error}: {await errors}".rstrip(": ")) from error
    # keeps the pipe from filling up for as long as the server lives
    process.errors = errors  # type: ignore[attr-defined]
    return process


async def _shake_hands(process: asyncio.subprocess.Process) -> None:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise McpFailedError("no pipes")
    stdin.write(json.dumps(_INITIALIZE).encode() + b"\n")
    await stdin.drain()
    while line := await stdout.readline():
        with contextlib.suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict) and answer.get("id") == 1:
                if "error" in answer:
                    raise McpFailedError(f"initialize failed: {answer['error'].get('message')}")
                stdin.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
                await stdin.drain()
                return
    raise McpFailedError(f"ended with exit code {await process.wait()} before it answered initialize")


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """Read stderr to its end; keep the last of it."""
    kept = b""
    while process.stderr is not None and (piece := await process.stderr.read(4_096)):
        kept = (kept + piece)[-1_000:]
    return kept.decode("utf-8", "replace").strip()


def _http(server: dict[str, Any]) -> None:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **server["headers"],
    }
    body = None if server["type"] == "sse" else json.dumps(_INITIALIZE).encode()
    request = urllib.request.Request(server["url"], data=body, headers=headers)  # noqa: S310 - checked to be http(s)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            answer.read(1)
    except urllib.error.HTTPError as error:
        raise McpFailedError(f"HTTP {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise McpFailedError(str(error.reason)) from error
