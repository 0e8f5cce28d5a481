"""The users of one application in a batch: where they were last exposed, and where they are now."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
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


class Users:
    """Some users of one application, for one transaction.

    Most users of most batches are new and exposed once: for them no `User` is made unless one is asked for.
    """

    def __init__(self, connection: sqlite3.Connection, application: int, names: Iterable[str]) -> None:
        """Load the users called `names`; those that are not known yet get a number."""
        self._connection = connection
        self._application = application
        wanted = sorted(names)
        found = rows_of(
            connection,
            "SELECT name, number, content, epoch FROM user WHERE application = ? AND name IN ({keys})",
            (application,),
            wanted,
        )
        self._users: dict[str, User] = {}
        for name, number, content, epoch in found:
            place = (content, epoch)
            self._users[name] = User(number, place, place)
        self._new = self._numbered([name for name in wanted if name not in self._users] if found else wanted)
        self._first: dict[str, tuple[Place, int]] = {}

    def _numbered(self, names: Sequence[str]) -> Mapping[str, int]:
        if not names:
            return {}
        of = (self._application,)
        (last,) = self._connection.execute("SELECT users FROM application WHERE id = ?", of).fetchone()
        self._connection.execute("UPDATE application SET users = ? WHERE id = ?", (last + len(names), *of))
        return dict(zip(names, count(last + 1), strict=False))

    def expose(self, name: str, place: Place, experiment: int) -> None:
        """Give a user `place`."""
        user = self._users.get(name)
        if user is None:
            first, _ = self._first.setdefault(name, (place, experiment))
            if first == place:
                return
            user = self.user(name)
        user.expose(place, experiment)

    def user(self, name: str) -> User:
        """What is known of a user."""
        user = self._users.get(name)
        if user is None:
            user = self._users[name] = User(self._new[name], None, None)
            if first := self._first.pop(name, None):
                user.expose(*first)
        return user

    def save(self) -> None:
        """Write where the users are now and were before, and count those who are somewhere for the first time.

        Every user must have a place.
        """
        application = self._application
        rows = [
            (application, name, number, *self._first[name][0])
            for name, number in self._new.items()
            if name in self._first
        ]
        moved = {name: user for name, user in self._users.items() if user.moves}
        rows += [(application, name, user.number, *user.moves[-1][0]) for name, user in moved.items()]
        write_rows(
            self._connection,
            "INSERT INTO user (application, name, number, content, epoch) VALUES {rows} "
            "ON CONFLICT (application, name) DO UPDATE SET content = excluded.content, epoch = excluded.epoch",
            rows,
        )
        audience: defaultdict[Place, _Arrivals] = defaultdict(_Arrivals)
        for (place, _), users in Counter(self._first.values()).items():
            audience[place].users += users
            audience[place].newcomers += users
            audience[place[0], ALL_EPOCHS].users += users
        self._leave(moved.values(), audience)
        add_rows(
            self._connection,
            "INSERT INTO audience (content, epoch, users, newcomers) VALUES {rows} "
            "ON CONFLICT (content, epoch) DO UPDATE SET "
            "users = users + excluded.users, newcomers = newcomers + excluded.newcomers",
            [(*place, arrivals.users, arrivals.newcomers) for place, arrivals in audience.items()],
        )

    def _leave(self, moved: Collection[User], audience: defaultdict[Place, _Arrivals]) -> None:
        """Write which places these users leave behind, and add them to the audience of those where they were never."""
        seen = _places_before(self._connection, self._application, moved)
        left: list[tuple[int, int, int, int]] = []
        for user in moved:
            places = seen[user.number]
            left_behind = [place for place, _ in user.moves[:-1]]
            left += [(self._application, user.number, *place) for place in (user.stored, *left_behind) if place]
            for place, experiment in user.moves:
                if place not in places:
                    content, _ = place
                    audience[place].users += 1
                    audience[place].newcomers += all(epoch < experiment for _, epoch in places)
                    audience[content, ALL_EPOCHS].users += content not in [known for known, _ in places]
                    places.add(place)
        write_rows(
            self._connection,
            "INSERT OR IGNORE INTO past_exposure (application, user, content, epoch) VALUES {rows}",
            left,
        )


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
