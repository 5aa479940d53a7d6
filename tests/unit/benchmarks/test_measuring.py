"""What the benchmarks compute and keep."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.__main__ import FOLDER, names
from benchmarks.many_sessions import Seen
from benchmarks.measuring import machine
from benchmarks.measuring.pace import at_rate
from benchmarks.measuring.page import page
from benchmarks.measuring.quantiles import Spread, quantile
from benchmarks.measuring.result import Result, Table, at_most, newest, save, text_of
from benchmarks.measuring.usage import kind_of

_AT = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def _result(name: str = "relay", minutes: int = 0, *, quick: bool = False) -> Result:
    return Result(
        name=name,
        title=f"The {name}",
        about="From here to there.",
        tables=(Table(title="Latency", columns=("", "p50"), rows=(("ours|theirs", "1.00 ms"),)),),
        aims=(at_most("p50", 2.0, 1.7, "×"), at_most("p99", 1.0, 10, " ms")),
        quick=quick,
        at=_AT + timedelta(minutes=minutes),
    )


def test_quantiles_are_values_that_occurred() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)) == (50, 99, 100)


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1),
    st.floats(0.01, 1, exclude_min=True),
)
def test_no_more_than_the_rest_exceeds_a_quantile(values: list[float], share: float) -> None:
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_of_nothing_there_is_no_quantile() -> None:
    with pytest.raises(ValueError, match="no quantile"):
        Spread.of([])


def test_the_newest_whole_run_counts_and_quick_ones_never(tmp_path: Path) -> None:
    for result in (_result(minutes=5), _result(minutes=1), _result(minutes=9, quick=True), _result("other")):
        save(result, tmp_path)
    found = newest(["other", "relay", "never run"], tmp_path)
    assert [(result.name, result.at) for result in found] == [
        ("other", _AT),
        ("relay", _AT + timedelta(minutes=5)),
    ]


def test_a_missed_aim_is_told_on_page_and_terminal() -> None:
    assert "**missed**" in page([_result()])
    assert page([_result()]).count("| met |") == 1
    assert "missed" in text_of(_result())


def test_a_cell_cannot_break_the_table_of_the_page() -> None:
    assert "ours\\|theirs" in page([_result()])


def test_the_machine_is_told_by_what_it_is_and_not_by_its_name() -> None:
    import platform

    assert platform.node() not in machine.describe()
    assert "cores" in machine.describe()


async def test_an_open_loop_sends_on_while_earlier_ones_wait() -> None:
    all_sent = asyncio.Event()
    sent: list[int] = []

    async def send(number: int) -> None:
        sent.append(number)
        if len(sent) == 20:
            all_sent.set()
        await all_sent.wait()

    await at_rate(1_000, 0.02, send)
    assert sent == list(range(20))


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["python", "-m", "ccplant_api"], "api"),
        (["python", "-m", "ccplant_orchestrator"], "orchestrator"),
        (["python", "-I", "/x/ccplant_orchestrator/runtimes/local/supervise.py"], "supervisors"),
        (["python", "-m", "ccplant_runner", "--spec", "/demo/spec.json"], "runners"),
        (["python", "/x/ccplant_runner/agents/demo/agent.py"], "agents"),
        (["cat"], None),
    ],
)
def test_processes_are_counted_as_what_they_are(arguments: list[str], kind: str | None) -> None:
    assert kind_of(arguments) == kind


def test_a_viewer_that_misses_a_durable_frame_says_so() -> None:
    seen = Seen()
    seen.take({"type": "plan", "seq": 1, "data": {}})
    seen.take({"type": "delta", "data": {}})
    for wrong in (1, 3):
        with pytest.raises(RuntimeError, match=f"got {wrong} after 1"):
            seen.take({"type": "plan", "seq": wrong, "data": {}})


def test_every_benchmark_is_listed_and_knows_the_quick_run() -> None:
    command = [sys.executable, "-m", "benchmarks", "--list"]
    listed = subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, check=True).stdout
    assert listed.split() == names()
    for name in names():
        assert "run(__doc__, measure)" in (FOLDER / f"{name}.py").read_text(), name


def test_a_result_survives_its_file(tmp_path: Path) -> None:
    path = save(_result(), tmp_path)
    assert Result.model_validate(json.loads(path.read_text())) == _result()
