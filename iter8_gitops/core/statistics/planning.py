"""How long until the answer, and what could be seen by now.

An effect d is found with the wanted power about when its expected distance from 0 exceeds what the confidence
sequence needs: (k(N) + z_power) s/sqrt(N) = d, with s^2 = N SE^2 from the users so far.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from iter8_gitops.core.statistics.contrasts import Contrast
from iter8_gitops.core.statistics.sequence import ConfidenceSequence

POWER = 0.8
_MOST_USERS = 1e15


def detectable_difference(found: Contrast, sequence: ConfidenceSequence, power: float = POWER) -> float:
    """The difference that is found by now with probability `power`: (k(N) + z_power) SE."""
    return (sequence.multiplier(found.clock) + _z(power)) * found.standard_error


def clock_needed(found: Contrast, sequence: ConfidenceSequence, effect: float, power: float = POWER) -> float | None:
    """The clock N' at which a difference of `effect` > 0 is found with probability `power`; None beyond 1e15 users."""
    spread, z = found.standard_error * sqrt(found.clock), _z(power)

    def reach(clock: float) -> float:
        return (sequence.multiplier(clock) + z) * spread / sqrt(clock)

    low, high = 1.0, _MOST_USERS
    if reach(high) > effect:
        return None
    for _ in range(200):  # k(N)/sqrt(N) falls; halve the range of ln N
        middle = sqrt(low * high)
        if reach(middle) > effect:
            low = middle
        else:
            high = middle
        if high - low <= 1e-12 * high:
            break
    return high


def seconds_left(found: Contrast, needed: float, elapsed: float) -> float | None:
    """Until the clock shows `needed`, at its mean speed over the `elapsed` seconds; None before any have passed."""
    if elapsed <= 0.0:
        return None
    return max(needed / found.clock - 1.0, 0.0) * elapsed


def _z(power: float) -> float:
    return NormalDist().inv_cdf(power)
