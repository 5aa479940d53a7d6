"""A registry of images that has none: it refuses as real ones do, so that a kubelet's real words can be read.

The last part of an image's name chooses: `absent` is not found, `private` wants a login, `slow` takes its time, and
`broken` fails for now.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "registry.test.invalid"
ABSENT = f"{HOST}/team/absent:1"
PRIVATE = f"{HOST}/team/private:1"
SLOW = f"{HOST}/team/slow:1"
BROKEN = f"{HOST}/team/broken:1"
_SLOW_SECONDS = 60.0
_ANSWERS: Mapping[str, tuple[HTTPStatus, str]] = {
    "absent": (HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN"),
    "slow": (HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN"),
    "private": (HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED"),
    "broken": (HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE"),
}


class RefusingRegistry:
    """Listens on an address of this machine until it is closed."""

    def __init__(self, address: str) -> None:
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer((address, 0), _handler(self._closing))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="registry", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def _handler(closing: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _refuse(self) -> None:
            parts = self.path.split("/")
            kind = next((part for part in parts if part in _ANSWERS), "absent")
            if kind == "slow":
                closing.wait(_SLOW_SECONDS)
            status, code = _ANSWERS[kind]
            body = json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode()
            self.send_response(status)
            if status is HTTPStatus.UNAUTHORIZED:
                self.send_header("WWW-Authenticate", 'Basic realm="registry"')
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = _refuse  # noqa: N815 - named by the base class

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
