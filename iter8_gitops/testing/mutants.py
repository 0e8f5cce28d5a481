"""Objects as nobody would write them: copies with places that are missing or hold something strange. Pure."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping
from typing import Any

from iter8_gitops.testing.edits import GONE, Edit, Place

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**70, 0.5, float("nan"), float("inf"), 1e300, "", "3", "-1", "True", "Ready",
    "x" * 5000, "\ud800", "\x00\n", "\u202e", [], [None], ["True"], {}, {"": None}, [{}], [[]],
    {"type": 5, "status": {}}, [{"type": "Ready", "status": "True", "reason": "not Camel\n", "message": "\x1b[31m"}],
)  # fmt: skip
"""What a careless tool, another version of a controller or an attacker may write into any field."""

_MOST_AT_ONCE = 3


def mutants(manifest: Mapping[str, Any], count: int, seed: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """`count` copies, each with words that say what was done to it; the same ones for the same `seed`.

    Half of them have one place changed, where there are as many ways to do so, the others up to three.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing here is secret, and tests must repeat
    singles = [(place, value) for place in places(manifest) if place for value in (GONE, *STRANGE)]
    chance.shuffle(singles)
    for place, value in singles[: count // 2]:
        yield _mutant(manifest, [(place, value)])
    for _ in range(count - min(count // 2, len(singles))):
        yield _mutant(manifest, chance.sample(singles, min(chance.randint(1, _MOST_AT_ONCE), len(singles))))


def places(value: Any, place: Place = ()) -> list[Place]:
    """Every place in a JSON value, the top first."""
    found = [place]
    if isinstance(value, Mapping):
        for key, item in value.items():
            found += places(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += places(item, (*place, index))
    return found


def _mutant(manifest: Mapping[str, Any], changes: list[tuple[Place, Any]]) -> tuple[str, dict[str, Any]]:
    mutant, done = dict(manifest), []
    for place, value in changes:
        edit = Edit(place, value if value is GONE else copy.deepcopy(value))
        try:
            mutant = edit.applied(mutant)
        except LookupError:  # An earlier change took away what was there.
            continue
        done.append(str(edit))
    return ", ".join(done), mutant
