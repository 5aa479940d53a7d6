"""The log: what was written is read back, whatever byte the machine died at."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccplant_runner.wal import WriteAheadLog

LINES = st.lists(
    st.binary(min_size=1, max_size=200).filter(lambda line: b"\n" not in line), min_size=1, max_size=40
)


def filled(folder: Path, lines: list[bytes], *, first: int = 1, segment_bytes: int = 300) -> WriteAheadLog:
    log = WriteAheadLog(folder, segment_bytes=segment_bytes)
    for number, line in enumerate(lines, first):
        log.append(number, line)
    return log


def read_all(log: WriteAheadLog, after: int, max_bytes: int) -> list[bytes]:
    lines: list[bytes] = []
    while piece := log.read(after + len(lines), max_bytes):
        lines += piece
    return lines


@given(LINES, st.integers(0, 45), st.integers(1, 1_000))
def test_every_line_is_read_back_from_any_number_in_any_portions(
    lines: list[bytes], after: int, max_bytes: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = filled(Path(folder), lines)
        assert read_all(log, after, max_bytes) == lines[after:]
        log.close()


@settings(deadline=None)
@given(LINES, st.data())
def test_after_a_crash_at_any_byte_all_whole_lines_are_there_and_no_other(
    lines: list[bytes], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = filled(folder, lines)
        log.close()
        last = sorted(folder.glob("*.jsonl"))[-1]
        content = last.read_bytes()
        cut = data.draw(st.integers(0, len(content)))
        last.write_bytes(content[:cut])
        lost = content.count(b"\n") - content[:cut].count(b"\n")

        recovered = WriteAheadLog(folder, segment_bytes=300)
        whole = lines[: len(lines) - lost]
        assert read_all(recovered, 0, 500) == whole
        assert recovered.last == len(whole)
        recovered.append(len(whole) + 1, b"next")
        assert read_all(recovered, 0, 500) == [*whole, b"next"]
        recovered.close()


@given(LINES, st.integers(0, 45))
def test_dropping_removes_whole_segments_that_are_stored_and_nothing_else(
    lines: list[bytes], stored: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = filled(Path(folder), lines)
        before = log.size
        log.drop(stored)
        assert read_all(log, min(stored, len(lines)), 500) == lines[stored:]
        assert log.size <= before
        assert log.size == sum(path.stat().st_size for path in Path(folder).glob("*.jsonl"))
        log.close()


def test_a_log_begins_at_the_number_that_it_is_given(tmp_path: Path) -> None:
    log = filled(tmp_path, [b"a", b"b"], first=41)
    assert [path.name for path in tmp_path.iterdir()] == ["000000000041.jsonl"]
    assert log.read(40, 100) == [b"a", b"b"]
    assert log.read(41, 100) == [b"b"]
    log.close()


def test_a_number_that_does_not_follow_is_refused(tmp_path: Path) -> None:
    log = filled(tmp_path, [b"a"])
    with pytest.raises(ValueError, match="does not follow"):
        log.append(3, b"c")
    log.close()


def test_a_line_that_is_bigger_than_asked_for_is_still_read(tmp_path: Path) -> None:
    log = filled(tmp_path, [b"x" * 1_000, b"y"])
    assert log.read(0, 10) == [b"x" * 1_000]
    log.close()


def test_a_written_line_is_in_the_kernels_hands_at_once(tmp_path: Path) -> None:
    log = filled(tmp_path, [b"a"])
    assert (tmp_path / "000000000001.jsonl").read_bytes() == b"a\n"
    log.close()
