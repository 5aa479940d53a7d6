"""Quantiles as latencies are told by: the smallest value that at least that share of all values does not exceed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def quantile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank quantile.

    Raises:
        ValueError: there are no values, or `share` is not above 0 and at most 1.
    """
    if not values or not 0 < share <= 1:
        raise ValueError(f"no quantile {share} of {len(values)} values")
    return sorted(values)[math.ceil(share * len(values)) - 1]


@dataclass(frozen=True, slots=True)
class Spread:
    """What is told of many latencies, in milliseconds."""

    count: int
    p50: float
    p99: float
    worst: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Spread:
        """Sum up."""
        return cls(
            len(milliseconds), quantile(milliseconds, 0.5), quantile(milliseconds, 0.99), max(milliseconds)
        )

    def cells(self) -> list[str]:
        """Return the cells of a table: p50, p99, worst, number."""
        return [
            f"{self.p50:.2f} ms",
            f"{self.p99:.2f} ms",
            f"{self.worst:.1f} ms",
            f"{self.count:,}",
        ]


SPREAD_COLUMNS = ["p50", "p99", "worst", "samples"]
