"""Weights: what a person asked for, and what is in force."""

from __future__ import annotations

import re
from collections.abc import Sequence

from iter8_gitops.spec.resource import WEIGHT_ANNOTATION, Resource

MAX_WEIGHT = 2**31 - 1
_DECIMAL = re.compile(r"[0-9]{1,10}")


def annotated_weight(resource: Resource) -> int | str | None:
    """The weight that the annotation `iter8.tools/weight` of a version's first resource asks for.

    None when there is no such annotation; a sentence when it cannot be used.
    """
    written = resource.annotations.get(WEIGHT_ANNOTATION)
    if written is None:
        return None
    if isinstance(written, str) and _DECIMAL.fullmatch(written) and int(written) <= MAX_WEIGHT:
        return int(written)
    return (
        f"the annotation {WEIGHT_ANNOTATION} of {resource.id} is {written!r}, "
        f'which is not a whole number from 0 to {MAX_WEIGHT} in quotes, such as "10"'
    )


def weights_in_force(declared: Sequence[int], available: Sequence[bool]) -> tuple[int, ...]:
    """An unavailable version takes no traffic; when nothing takes any, the primary gets everything.

    `declared` and `available` have one entry per version; so has the result, and its sum is positive.
    """
    weights = tuple(weight if ok else 0 for weight, ok in zip(declared, available, strict=True))
    if any(weights):
        return weights
    return (1, *weights[1:])
