"""The numbers that stand for names in the tables."""

from __future__ import annotations

import sqlite3
from typing import Any, TypeVar

from iter8_gitops.spec.metric import Arm

_MOST_REMEMBERED = 100_000
_Key = TypeVar("_Key")


class Catalog:
    """How applications, contents and metrics are numbered; new ones get a number.

    It remembers what it found, for numbers stay what they are once they are committed. One that is made in a
    transaction that is not committed must not be used afterwards.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._applications: dict[str, int] = {}
        self._contents: dict[tuple[str, int, str, str], int] = {}
        self._metrics: dict[tuple[str, str], int] = {}

    def application(self, name: str) -> int:
        """The number of an application."""
        known = self._applications.get(name)
        if known is None:
            known = _room_in(self._applications)[name] = self._number(
                "SELECT id FROM application WHERE name = ?",
                "INSERT INTO application (name, users) VALUES (?, 0)",
                (name,),
            )
        return known

    def content(self, arm: Arm) -> int:
        """The number of an arm's content: its application, version, signature and cohort."""
        key = (arm.application, arm.version, arm.signature, arm.cohort)
        known = self._contents.get(key)
        if known is None:
            known = _room_in(self._contents)[key] = self._number(
                "SELECT id FROM content WHERE application = ? AND version = ? AND signature = ? AND cohort = ?",
                "INSERT INTO content (application, version, signature, cohort) VALUES (?, ?, ?, ?)",
                (self.application(arm.application), arm.version, arm.signature, arm.cohort),
            )
        return known

    def metric(self, application: str, name: str) -> int:
        """The number of a metric of an application."""
        known = self._metrics.get((application, name))
        if known is None:
            known = _room_in(self._metrics)[application, name] = self._number(
                "SELECT id FROM metric WHERE application = ? AND name = ?",
                "INSERT INTO metric (application, name) VALUES (?, ?)",
                (self.application(application), name),
            )
        return known

    def _number(self, find: str, create: str, key: tuple[object, ...]) -> int:
        row = self._connection.execute(find, key).fetchone()
        if row is None:
            self._connection.execute(create, key)
            row = self._connection.execute(find, key).fetchone()
        number: int = row[0]
        return number


class CatalogedConnection(sqlite3.Connection):
    """A connection with the `catalog` of its file. It must be closed if a transaction of it is not committed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.catalog = Catalog(self)


def _room_in(numbers: dict[_Key, int]) -> dict[_Key, int]:
    """`numbers`, emptied when they would become too many."""
    if len(numbers) >= _MOST_REMEMBERED:
        numbers.clear()
    return numbers
