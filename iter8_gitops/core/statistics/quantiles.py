"""Quantiles from counts per value, such as those of 1%-wide buckets."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor


def quantile(counts: Sequence[tuple[float, int]], q: float) -> float | None:
    """The value of rank floor(q (n - 1)) among n, from (value, count) ascending; None when n is 0.

    `q` is from 0 to 1. What stands for a bucket is at most 1% from every value in it, so the answer is at most 1%
    from the quantile of the values. Masson, Rim and Lee, "DDSketch", VLDB 12(12), 2019, algorithm 2.
    """
    total = sum(count for _, count in counts)
    if not total:
        return None
    rank = floor(q * (total - 1))
    for value, count in counts:
        if rank < count:
            return value
        rank -= count
    return None
