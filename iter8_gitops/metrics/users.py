"""The users of one application in a batch: where they were last exposed, and where they are now."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from iter8_gitops.metrics.lookups import add_rows, rows_of, write_rows
from iter8_gitops.metrics.schema import ALL_EPOCHS

Place: TypeAlias = tuple[int, int]
"""Where an exposure or a value counts: (content number, weight epoch)."""


@dataclass(slots=True)
class User:
    """A user's number, the place stored before the batch, and the present one (None for no place).

    `moves` are all places since the stored one, each with the epoch at which the experiment there began.
    """

    number: int
    stored: Place | None
    place: Place | None
    moves: tuple[tuple[Place, int], ...] = ()

    def expose(self, place: Place, experiment: int) -> Place:
        """Give the user `place`, and return it."""
        if place != self.place:
            self.place = place
            self.moves += ((place, experiment),)
        return place


@dataclass(slots=True)
class _Arrivals:
    """The users who are somewhere for the first time, and those of them who are new in the experiment."""

    users: int = 0
    newcomers: int = 0


def load_users(connection: sqlite3.Connection, application: int, names: set[str]) -> dict[str, User]:
    """The users called `names`; those that are not known yet get a number."""
    wanted = sorted(names)
    found = rows_of(
        connection,
        "SELECT name, number, content, epoch FROM user WHERE application = ? AND name IN ({keys})",
        (application,),
        wanted,
    )
    users: dict[str, User] = {}
    for name, number, content, epoch in found:
        place = (content, epoch)
        users[name] = User(number, place, place)
    unknown = [name for name in wanted if name not in users]
    if unknown:
        (last,) = connection.execute("SELECT users FROM application WHERE id = ?", (application,)).fetchone()
        for number, name in enumerate(unknown, start=last + 1):
            users[name] = User(number, None, None)
        connection.execute("UPDATE application SET users = ? WHERE id = ?", (last + len(unknown), application))
    return users


def save_users(connection: sqlite3.Connection, application: int, users: Mapping[str, User]) -> None:
    """Write where the users are now and were before, and count those who are somewhere for the first time.

    Every user must have a place.
    """
    moved = {name: user for name, user in users.items() if user.moves}
    write_rows(
        connection,
        "INSERT INTO user (application, name, number, content, epoch) VALUES {rows} "
        "ON CONFLICT (application, name) DO UPDATE SET content = excluded.content, epoch = excluded.epoch",
        [(application, name, user.number, *user.moves[-1][0]) for name, user in moved.items()],
    )
    audience: dict[Place, _Arrivals] = defaultdict(_Arrivals)
    first, others = _first_places(moved.values())
    for place, count in first.items():
        audience[place].users += count
        audience[place].newcomers += count
        audience[place[0], ALL_EPOCHS].users += count
    seen = _places_before(connection, application, others)
    left: list[tuple[int, int, int, int]] = []
    for user in others:
        places = seen[user.number]
        left_behind = [place for place, _ in user.moves[:-1]]
        left += [(application, user.number, *place) for place in (user.stored, *left_behind) if place]
        for place, experiment in user.moves:
            if place not in places:
                content, _ = place
                audience[place].users += 1
                audience[place].newcomers += all(epoch < experiment for _, epoch in places)
                audience[content, ALL_EPOCHS].users += content not in [known for known, _ in places]
                places.add(place)
    write_rows(
        connection, "INSERT OR IGNORE INTO past_exposure (application, user, content, epoch) VALUES {rows}", left
    )
    add_rows(
        connection,
        "INSERT INTO audience (content, epoch, users, newcomers) VALUES {rows} "
        "ON CONFLICT (content, epoch) DO UPDATE SET "
        "users = users + excluded.users, newcomers = newcomers + excluded.newcomers",
        [(*place, arrivals.users, arrivals.newcomers) for place, arrivals in audience.items()],
    )


def _first_places(users: Iterable[User]) -> tuple[Mapping[Place, int], Sequence[User]]:
    """How many users are new and in one place only, by that place; and all others. Nearly all are of the former."""
    first: Counter[Place] = Counter()
    others: list[User] = []
    for user in users:
        if user.stored is None and len(user.moves) == 1:
            first[user.moves[0][0]] += 1
        else:
            others.append(user)
    return first, others


def _places_before(
    connection: sqlite3.Connection, application: int, users: Iterable[User]
) -> defaultdict[int, set[Place]]:
    """User number -> everywhere that the user was exposed before this batch."""
    places: defaultdict[int, set[Place]] = defaultdict(set)
    for user in users:
        if user.stored:
            places[user.number].add(user.stored)
    past = rows_of(
        connection,
        "SELECT user, content, epoch FROM past_exposure WHERE application = ? AND user IN ({keys})",
        (application,),
        sorted(places),
    )
    for number, content, epoch in past:
        places[number].add((content, epoch))
    return places
