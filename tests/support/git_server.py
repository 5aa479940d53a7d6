"""A git server over smart HTTP that demands a token, as GitHub does: git's own backend behind a small server."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

QUIET = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
         "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}  # fmt: skip


def git(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    """Run git; return what it says."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **(QUIET if env is None else env)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass
class GitServer:
    """Repositories in a folder, and what was asked for."""

    root: Path
    token: str | None
    """None: everybody may read."""
    url: str = ""
    redirect: str | None = None
    """Where every request is sent."""
    refusal: tuple[int, str] | None = None
    """A status and words for whoever shows the token: it is good, and may not do this."""
    credentials: list[str] = field(default_factory=list)
    """Every Authorization header that came, also wrong ones."""
    requests: list[str] = field(default_factory=list)

    def repository(self, name: str, files: dict[str, str] | None = None) -> str:
        """Make a repository with one commit; return its address."""
        work = self.root / f"{name.replace('/', '-')}.work"
        work.mkdir()
        git(work, "init", "-q", "-b", "main")
        for path, text in (files or {"README": "hello"}).items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(text)
        git(work, "add", "-A")
        git(work, "commit", "-q", "-m", "first")
        bare = self.root / name
        bare.parent.mkdir(parents=True, exist_ok=True)
        git(self.root, "clone", "-q", "--bare", str(work), str(bare))
        git(bare, "config", "http.receivepack", "true")
        return f"{self.url}/{name}"


@contextmanager
def git_server(root: Path, token: str | None) -> Iterator[GitServer]:
    """Serve a folder of repositories."""
    root.mkdir(exist_ok=True)
    found = GitServer(root, token)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            """Say nothing: the test's output is for the test."""

        def answer(self, status: int, text: str, *headers: tuple[str, str]) -> None:
            body = text.encode()
            self.send_response(status)
            for name, value in (*headers, ("Content-Type", "text/plain"), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def handle_request(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = (
                self.rfile.read(length)
                if "chunked" not in self.headers.get("Transfer-Encoding", "")
                else self.chunks()
            )
            found.requests.append(f"{self.command} {self.path}")
            shown = self.headers.get("Authorization")
            if shown:
                found.credentials.append(shown)
            if found.redirect is not None:
                self.answer(301, "moved", ("Location", found.redirect + self.path))
                return
            if found.token is not None:
                if shown is None:
                    self.answer(401, "No token\n", ("WWW-Authenticate", 'Basic realm="GitHub"'))
                    return
                password = base64.b64decode(shown.removeprefix("Basic ")).decode().partition(":")[2]
                if password != found.token:
                    self.answer(
                        401, "Invalid username or token.\n", ("WWW-Authenticate", 'Basic realm="GitHub"')
                    )
                    return
            if found.refusal is not None:
                self.answer(*found.refusal)
                return
            path, _, query = self.path.partition("?")
            if not (found.root / "/".join(path.lstrip("/").split("/")[:2])).is_dir():
                self.answer(404, "Repository not found.\n")
                return
            environment = {
                "PATH": os.environ["PATH"], **QUIET, "GIT_PROJECT_ROOT": str(found.root), "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": "octocat",
                "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "REMOTE_ADDR": "127.0.0.1",
            }  # fmt: skip
            done = subprocess.run(
                ["git", "http-backend"], env=environment, input=body, capture_output=True, check=False
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        do_GET = do_POST = handle_request  # noqa: N815 - the names by which the server finds them

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
