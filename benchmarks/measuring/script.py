"""How every benchmark starts: one option, one result, told and kept."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

from benchmarks.measuring import machine
from benchmarks.measuring.result import Result, save, text_of

Measure = Callable[[bool], Awaitable[Result]]


def run(about: str | None, measure: Measure) -> None:
    """Measure, print, write. Aims that are missed are told; only what cannot be measured, or loses data, fails."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a short run that only shows that it works")
    quick: bool = parser.parse_args().quick
    before = machine.load()
    result = asyncio.run(_measured(measure, quick)).model_copy(update={"quick": quick, "load": before})
    save(result)
    sys.stdout.write(text_of(result) + "\n")


async def _measured(measure: Measure, quick: bool) -> Result:
    return await measure(quick)
