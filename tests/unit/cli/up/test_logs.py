"""What is read out of the children's logs, and how they are bounded."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ccplant_cli.up.logs import MOST_LINE, LogFile, Spoken, last_word, missing_library, understand


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            '{"s":"F","msg":"Fatal assertion","attr":{"error":"no room"}}',
            Spoken("critical", "Fatal assertion: no room"),
        ),
        ('{"s":"I","msg":"Listening","attr":{}}', Spoken("info", "Listening")),
        (
            '{"level":"error","event":"start failed","error":"no bus"}',
            Spoken("error", "start failed: no bus"),
        ),
        ('{"event":"started"}', Spoken("info", "started")),
        ("[7] 2026/11/22 18:00:16.032 [WRN] slow consumer", Spoken("warning", "slow consumer")),
        ("[7] 2026/11/22 18:00:16.032 [FTL] address in use", Spoken("error", "address in use")),
        ("nats-server: failed to parse", Spoken("error", "nats-server: failed to parse")),
        ("[1, 2", Spoken("info", "[1, 2")),
        ("null", Spoken("info", "null")),
    ],
)
def test_each_child_is_understood(line: str, expected: Spoken) -> None:
    assert understand(line) == expected


def test_a_long_line_is_cut() -> None:
    assert len(understand("x" * 10_000).sentence) == MOST_LINE


def test_the_last_word_is_the_last_error_not_the_last_line() -> None:
    lines = ['{"s":"E","msg":"first"}', '{"s":"E","msg":"no room"}', '{"s":"I","msg":"bye"}', ""]
    assert last_word(lines) == "no room"
    assert last_word(["one", "two", ""]) == "two"
    assert last_word([]) == "-"


@pytest.mark.parametrize(
    ("line", "library"),
    [
        (
            "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file",
            "libcurl.so.4",
        ),
        ("mongod: /lib/libc.so.6: version `GLIBC_2.34' not found (required by mongod)", "GLIBC_2.34"),
        ("ordinary", None),
    ],
)
def test_a_missing_library_is_named(line: str, library: str | None) -> None:
    assert missing_library(["before", line]) == library


def test_the_tail_is_of_the_latest_start_only(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "x.log")
    for text in (b"old\n", b"new\nhalf"):
        descriptor = log.open()
        os.write(descriptor, text)
        os.close(descriptor)
    assert log.tail() == ["new", "half"]


def test_a_warning_is_told_once_and_only_when_its_line_is_whole(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "x.log")
    descriptor = log.open()
    os.write(descriptor, b'{"s":"E","msg":"before"}\n')
    log.skip_to_end()
    os.write(descriptor, b'{"s":"I","msg":"fine"}\n{"s":"E","msg":"slo')
    assert log.new_warnings() == []
    os.write(descriptor, b'w disk"}\n')
    assert log.new_warnings() == ["slow disk"]
    assert log.new_warnings() == []
    os.close(descriptor)


def test_a_log_is_bounded_under_its_writer(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "x.log", most_bytes=100)
    descriptor = log.open()
    os.write(descriptor, b"a" * 99 + b"\n")
    assert not log.bound()
    os.write(descriptor, b"b\n")
    assert log.bound()
    os.write(descriptor, b"c\n")
    os.close(descriptor)
    assert (tmp_path / "x.log").read_bytes() == b"c\n"
    assert (tmp_path / "x.1.log").stat().st_size == 102
    assert stat.S_IMODE((tmp_path / "x.1.log").stat().st_mode) == 0o600
