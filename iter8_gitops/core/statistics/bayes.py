"""The Bayesian view, from the normal approximation with a flat prior: easy to read, and not valid under peeking.

"95% chance to beat the primary", looked at continuously, is reached by a version that is no different in more than half
of all experiments. So these numbers are shown, and never trigger anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from math import fsum, hypot, prod
from statistics import NormalDist

_STANDARD = NormalDist()
_SMALLEST = 1e-12
"""What is known that much better than something else is as good as known exactly."""
_POINTS = 101
_REACH = 8.0
"""Standard deviations beyond which nothing of a normal distribution is left in a double."""


def chance_to_beat(difference: float, standard_error: float) -> float:
    """P(candidate > baseline) = Phi(difference / standard_error), for a positive standard error."""
    return _STANDARD.cdf(difference / standard_error)


def expected_loss(difference: float, standard_error: float) -> float:
    """E max(0, baseline - candidate): what choosing the candidate costs on average if it is the worse one.

    s phi(d/s) - d Phi(-d/s). Stucchio, "Bayesian A/B Testing at VWO", 2015.
    """
    z = difference / standard_error
    return max(standard_error * (_STANDARD.pdf(z) - z * _STANDARD.cdf(-z)), 0.0)


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of the mean of one version: normal, with a positive standard error."""

    mean: float
    standard_error: float


def chances_to_be_best(beliefs: Sequence[Belief]) -> tuple[float, ...]:
    """P(best) per version: the integral of phi_j times the product of all other Phi_i, by Simpson's rule.

    Two versions need no integral.
    """
    if len(beliefs) == 2:
        return tuple(chance_to_beat(*_against(one, other)) for one, other in permutations(beliefs))
    return tuple(_chance_to_be_best(beliefs, place) for place in range(len(beliefs)))


def expected_losses(beliefs: Sequence[Belief]) -> tuple[float, ...]:
    """Per version: E max(0, best of the others - this one), the integral of Phi_j (1 - product of all other Phi_i)."""
    if len(beliefs) == 2:
        return tuple(expected_loss(*_against(one, other)) for one, other in permutations(beliefs))
    return tuple(_expected_loss(beliefs, place) for place in range(len(beliefs)))


def _against(one: Belief, other: Belief) -> tuple[float, float]:
    """The difference of two beliefs, and its standard error."""
    return one.mean - other.mean, hypot(one.standard_error, other.standard_error)


def _chance_to_be_best(beliefs: Sequence[Belief], place: int) -> float:
    centred, _ = _centred(beliefs, place)
    own, others = centred[place], [other.cdf for index, other in enumerate(centred) if index != place]
    edges = _edges(centred, -_REACH * own.stdev, _REACH * own.stdev)
    return min(_integral(lambda x: own.pdf(x) * prod(cdf(x) for cdf in others), edges), 1.0)


def _expected_loss(beliefs: Sequence[Belief], place: int) -> float:
    centred, unit = _centred(beliefs, place)
    own, others = centred[place], [other.cdf for index, other in enumerate(centred) if index != place]
    highest = max(other.mean + _REACH * other.stdev for other in centred)
    edges = _edges(centred, -_REACH * own.stdev, max(highest, _REACH * own.stdev))
    return unit * max(_integral(lambda x: own.cdf(x) * (1.0 - prod(cdf(x) for cdf in others)), edges), 0.0)


def _centred(beliefs: Sequence[Belief], place: int) -> tuple[list[NormalDist], float]:
    """All beliefs as seen from the mean of one, in units of the largest standard error; and that unit.

    So neither a common offset nor an extreme unit costs digits.
    """
    unit = max(belief.standard_error for belief in beliefs)
    return [
        NormalDist((belief.mean - beliefs[place].mean) / unit, max(belief.standard_error / unit, _SMALLEST))
        for belief in beliefs
    ], unit


def _edges(centred: Sequence[NormalDist], low: float, high: float) -> list[float]:
    """Where to cut the range from `low` to `high`, so that a Phi too steep for its points has a piece of its own."""
    steep = [normal for normal in centred if normal.stdev < (high - low) / (_POINTS // 2)]
    cuts = {normal.mean + side * _REACH * normal.stdev for normal in steep for side in (-1.0, 1.0)}
    return [low, *sorted(cut for cut in cuts if low < cut < high), high]


def _integral(function: Callable[[float], float], edges: Sequence[float]) -> float:
    """Simpson's rule with 101 points on every piece."""
    return fsum(_simpson(function, low, high) for low, high in pairwise(edges))


def _simpson(function: Callable[[float], float], low: float, high: float) -> float:
    step = (high - low) / (_POINTS - 1)
    values = [function(low + step * index) for index in range(_POINTS)]
    return step / 3.0 * (values[0] + 4.0 * fsum(values[1:-1:2]) + 2.0 * fsum(values[2:-1:2]) + values[-1])
