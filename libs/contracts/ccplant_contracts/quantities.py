"""Kubernetes quantities: ``"2"``, ``"500m"``, ``"4Gi"`` (S3).

Values are compared and converted exactly (`Decimal`), because a limit that is off by a rounding step is refused by
the API server with words that no user understands.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

MOST_CPU, MOST_MEMORY = "256", "4Ti"
"""What one session may ask for at most."""
_SUFFIXES = {
    "m": Decimal("0.001"), "": Decimal(1), "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12, "P": Decimal(10) ** 15, "Ki": Decimal(2) ** 10, "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30, "Ti": Decimal(2) ** 40, "Pi": Decimal(2) ** 50,
}  # fmt: skip
_QUANTITY = re.compile(r"^([0-9]{1,12}(?:\.[0-9]{1,9})?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$", re.ASCII)


def parse_quantity(text: str) -> Decimal:
    """Return the exact value of a quantity in its base unit (cores or bytes).

    Raises:
        ValueError: the text is no quantity.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text[:40]}" is not a quantity such as "2", "500m" or "4Gi"')
    return Decimal(match[1]) * _SUFFIXES[match[2] or ""]


def cores(text: str) -> float:
    """Return a CPU quantity in cores."""
    return float(parse_quantity(text))


def byte_count(text: str) -> int:
    """Return a memory or storage quantity in bytes, rounded up."""
    return int(parse_quantity(text).to_integral_value(rounding="ROUND_CEILING"))


def _within(text: str, low: str, high: str, what: str) -> str:
    if not parse_quantity(low) <= parse_quantity(text) <= parse_quantity(high):
        raise ValueError(f"{what} must be between {low} and {high}")
    return text


def _cpu(text: str) -> str:
    if text and text[-1] not in "m0123456789":
        raise ValueError(f'"{text[:40]}" is not a number of cores such as "2" or "500m"')
    return _within(text, "10m", MOST_CPU, "a CPU limit")


def _memory(text: str) -> str:
    if text.endswith("m"):
        raise ValueError(f'"{text[:40]}" is in thousandths of a byte; write "4Gi" or "512Mi"')
    return _within(text, "32Mi", MOST_MEMORY, "a memory limit")


def _storage(text: str) -> str:
    if text.endswith("m"):
        raise ValueError(f'"{text[:40]}" is in thousandths of a byte; write "10Gi"')
    return _within(text, "1Mi", "64Ti", "a storage size")


_Bounded = StringConstraints(max_length=32)
CpuQuantity = Annotated[str, _Bounded, AfterValidator(_cpu)]
"""Cores, from ``10m`` to ``256``."""
MemoryQuantity = Annotated[str, _Bounded, AfterValidator(_memory)]
"""Bytes of memory, from ``32Mi`` to ``4Ti``."""
StorageQuantity = Annotated[str, _Bounded, AfterValidator(_storage)]
"""Bytes of storage, from ``1Mi`` to ``64Ti``."""
