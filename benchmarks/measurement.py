"""What benchmarks give: measurements, some of them held to a bar, and the table of those."""

from __future__ import annotations

import operator
import re
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_BAR = re.compile(r"(?P<relation><=|>=|<|>) (?P<number>[\d,.]+)(?P<unit>.*)")
_VALUE = re.compile(r"(?P<number>[\d,.]+)(?P<unit>.*)")
_RELATIONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_SCALES = {"ms": ("s", 1e-3), "µs": ("s", 1e-6), "ns": ("s", 1e-9), "KiB": ("MiB", 2.0**-10), "GiB": ("MiB", 2.0**10)}


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured, what came out, and the bar it is held to ("" when there is none).

    `value` is a number and a unit, such as `9,562/s`, `45.2 ms` or `0.83`; `bar` is a relation (`<`, `<=`, `>`, `>=`),
    a number and the same kind of unit: `>= 30,000/s`, `< 1 s`. What has a bar is shown again at the end, by itself.
    """

    what: str
    value: str
    bar: str = ""

    def __post_init__(self) -> None:
        if self.bar:
            self.is_met  # noqa: B018 - raises when the bar and the value cannot be compared

    @property
    def is_met(self) -> bool:
        """Whether the value is on the right side of the bar. Raises `ValueError` when they cannot be compared."""
        bar, value = _BAR.fullmatch(self.bar), _VALUE.fullmatch(self.value)
        if bar is None or value is None:
            message = f"{self.what}: {self.value!r} cannot be compared with {self.bar!r}"
            raise ValueError(message)
        (limit, unit), (number, other) = _scaled(bar), _scaled(value)
        if unit != other:
            message = f"{self.what}: {self.value!r} is not in the unit of {self.bar!r}"
            raise ValueError(message)
        met: bool = _RELATIONS[bar["relation"]](number, limit)
        return met


def _scaled(said: re.Match[str]) -> tuple[float, str]:
    """A number in the largest unit of its kind, and that unit."""
    unit = said["unit"].strip()
    base, scale = _SCALES.get(unit, (unit, 1.0))
    return float(said["number"].replace(",", "")) * scale, base


def table(rows: Iterable[Measurement]) -> str:
    """All `rows` that are held to a bar, one a line: what, measured, bar, and whether it is met."""
    held = [(row.what.strip(), row.value, row.bar, "yes" if row.is_met else "NO") for row in rows if row.bar]
    lines = [("what", "measured", "bar", "ok"), *held]
    wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, wide, strict=True)) for line in lines)


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes, in seconds of the wall clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def cpu_seconds(work: Callable[[], object]) -> float:
    """How long `work` keeps a processor busy, in seconds, in this thread."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """The median of `repeats` runs."""
    return statistics.median(seconds(work) for _ in range(repeats))
