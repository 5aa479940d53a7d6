"""A service process starts or says why not, and stops in order and in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import eventually, wait_until

HEAD = """
import asyncio
from ccplant_platform.process import run_service
from ccplant_platform.settings import SettingsError
"""
ORDERLY = """
async def serve(stopping):
    print("up", flush=True)
    await stopping.wait()
    print("down", flush=True)
run_service("api", serve)
"""
STUCK = """
async def serve(stopping):
    print("up", flush=True)
    await stopping.wait()
    try:
        await asyncio.sleep(600)
    finally:
        print("cleaned up", flush=True)
run_service("api", serve, grace_seconds=0.2)
"""
STUBBORN = """
async def serve(stopping):
    print("up", flush=True)
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass
run_service("api", serve, grace_seconds=0.1)
"""
SLOW = """
async def serve(stopping):
    print("up", flush=True)
    await stopping.wait()
    print("stopping", flush=True)
    await asyncio.sleep(600)
run_service("api", serve, grace_seconds=600)
"""
Service = subprocess.Popen[str]


class Services:
    """Starts services and leaves none behind."""

    def __init__(self) -> None:
        self._all: list[Service] = []

    def start(self, body: str, **environment: str) -> Service:
        service = subprocess.Popen(
            [sys.executable, "-c", HEAD + body], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **environment},
        )  # fmt: skip
        self._all.append(service)
        return service

    def end(self) -> None:
        for service in self._all:
            service.kill()
            service.communicate(timeout=30)


@pytest.fixture
def services() -> Iterator[Services]:
    started = Services()
    yield started
    started.end()


def said(service: Service, word: str) -> None:
    assert service.stdout is not None
    assert service.stdout.readline().strip() == word


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_order(services: Services, number: signal.Signals) -> None:
    service = services.start(ORDERLY)
    said(service, "up")
    service.send_signal(number)
    out, log = service.communicate(timeout=30)
    assert (service.returncode, out) == (0, "down\n")
    assert '"event": "service_stopped"' in log


@pytest.mark.parametrize(("body", "last_words"), [(STUCK, "cleaned up\n"), (STUBBORN, "")])
def test_what_does_not_stop_in_its_grace_is_cut_off(services: Services, body: str, last_words: str) -> None:
    service = services.start(body)
    said(service, "up")
    service.terminate()
    out, log = service.communicate(timeout=40)
    assert (service.returncode, out) == (1, last_words)
    assert "service_stop_too_slow" in log


def test_a_second_signal_cuts_it_off_at_once(services: Services) -> None:
    service = services.start(SLOW)
    said(service, "up")
    service.send_signal(signal.SIGINT)
    said(service, "stopping")
    service.send_signal(signal.SIGINT)
    _, log = service.communicate(timeout=30)
    assert service.returncode == 1
    assert "service_cut_off" in log


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('async def serve(stopping):\n    raise SettingsError("say it")', "say it"),
        ("async def serve(stopping):\n    1 / 0", "ZeroDivisionError"),
        ("async def serve(stopping):\n    return", "service_ended_by_itself"),
    ],
)
def test_a_failed_start_says_why_and_exits_with_one(services: Services, body: str, line: str) -> None:
    service = services.start(f'{body}\nrun_service("api", serve)')
    _, log = service.communicate(timeout=30)
    assert service.returncode == 1
    assert line in log


def test_a_service_whose_parent_is_gone_does_not_start(services: Services) -> None:
    service = services.start(ORDERLY, CCPLANT_PARENT_PID="1")
    out, log = service.communicate(timeout=30)
    assert (service.returncode, out) == (1, "")
    assert "parent_gone" in log


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
async def test_a_service_ends_with_its_parent_however_that_ended(services: Services, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    parent = services.start(f"""
import os, subprocess, sys
env = dict(os.environ, CCPLANT_PARENT_PID=str(os.getpid()))
command = [sys.executable, "-c", {HEAD + ORDERLY!r}]
child = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
child.stdout.readline()
open({str(pid_file)!r}, "w").write(str(child.pid))
print("up", flush=True)
child.wait()
""")
    said(parent, "up")
    wait_until(pid_file.exists, 5, "the child's pid")
    child = psutil.Process(int(pid_file.read_text()))
    parent.kill()
    await eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


LOOKED_AT = """
import gc
async def serve(stopping):
    print(min(gc.get_freeze_count(), 10_000), flush=True)
    await stopping.wait()
run_service("api", serve)
"""


def test_the_collector_does_not_look_at_what_was_there_at_the_start(services: Services) -> None:
    service = services.start(LOOKED_AT)
    said(service, "10000")
