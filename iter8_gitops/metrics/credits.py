"""Who is credited with a value: the version that its user was last given."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from iter8_gitops.metrics.catalog import Catalog
from iter8_gitops.metrics.users import Place, Users
from iter8_gitops.spec.metric import Arm, Exposure, MetricValue


@dataclass(slots=True)
class Addition:
    """The values that one user added to one metric. A user is in one weight epoch for the whole batch."""

    epoch: int
    values: list[float]


Additions: TypeAlias = Mapping[int, Addition]
"""User number -> what the user added."""

Credited: TypeAlias = Mapping[tuple[int, int], Additions]
"""(content number, metric number) -> what was added to it."""

Pair: TypeAlias = tuple[int, int]
"""The numbers of the metrics that are numerator and denominator."""

Listed: TypeAlias = Mapping[Place, set[Pair]]
"""The pairs that values list, by where these values count."""


def record_exposures(
    connection: sqlite3.Connection, catalog: Catalog, exposures: Sequence[Exposure], values: Sequence[MetricValue]
) -> tuple[Credited, Listed]:
    """Store the exposures, those that the values imply included.

    Says where each value counts, and which products the values list there. `connection` must be the only writer,
    and both sequences valid.
    """
    users = _load(connection, catalog, exposures, values)
    places: dict[int, Place] = {}  # by the identity of arms: thousands of exposures share few of them
    for arm, name, experiment in exposures:
        place = places.get(id(arm))
        if place is None:
            place = places[id(arm)] = _place(catalog, arm)
        users[arm.application].expose(name, place, experiment)
    credited: dict[tuple[int, int], dict[int, Addition]] = defaultdict(dict)
    listed: dict[Place, set[Pair]] = defaultdict(set)
    for value in values:
        application = value.fallback.application
        user = users[application].user(value.user)
        place = user.place or user.expose(_place(catalog, value.fallback), value.experiment)
        content, epoch = place
        amount = value.value + 0.0  # -0.0 becomes 0.0, which prints without a sign
        additions = credited[content, catalog.metric(application, value.name)]
        addition = additions.get(user.number)
        if addition is None:
            additions[user.number] = Addition(epoch, [amount])
        else:
            addition.values.append(amount)
        for numerator, denominator in value.products:
            listed[place].add((catalog.metric(application, numerator), catalog.metric(application, denominator)))
    for its_users in users.values():
        its_users.save()
    return credited, listed


def _place(catalog: Catalog, arm: Arm) -> Place:
    return catalog.content(arm), arm.epoch


def _load(
    connection: sqlite3.Connection,
    catalog: Catalog,
    exposures: Sequence[Exposure],
    values: Sequence[MetricValue],
) -> dict[str, Users]:
    """Application -> its users in the batch."""
    names: dict[str, set[str]] = defaultdict(set)
    for arm, name, _ in exposures:
        names[arm.application].add(name)
    for value in values:
        names[value.fallback.application].add(value.user)
    return {
        application: Users(connection, catalog.application(application), its_names)
        for application, its_names in names.items()
    }
