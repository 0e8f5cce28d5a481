"""The numbers that stand for names in the tables, found or made within one transaction."""

from __future__ import annotations

import sqlite3

from iter8_gitops.spec.metric import Arm


class Catalog:
    """How applications, contents and metrics are numbered; new ones get a number.

    It remembers what it found, so it is valid only for the transaction that it was made in.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._applications: dict[str, int] = {}
        self._contents: dict[Arm, int] = {}
        self._metrics: dict[tuple[str, str], int] = {}

    def application(self, name: str) -> int:
        """The number of an application."""
        known = self._applications.get(name)
        if known is None:
            known = self._applications[name] = self._number(
                "SELECT id FROM application WHERE name = ?",
                "INSERT INTO application (name, users) VALUES (?, 0)",
                (name,),
            )
        return known

    def content(self, arm: Arm) -> int:
        """The number of an arm's content: its application, version, signature and cohort."""
        known = self._contents.get(arm)
        if known is None:
            known = self._contents[arm] = self._number(
                "SELECT id FROM content WHERE application = ? AND version = ? AND signature = ? AND cohort = ?",
                "INSERT INTO content (application, version, signature, cohort) VALUES (?, ?, ?, ?)",
                (self.application(arm.application), arm.version, arm.signature, arm.cohort),
            )
        return known

    def metric(self, application: str, name: str) -> int:
        """The number of a metric of an application."""
        known = self._metrics.get((application, name))
        if known is None:
            known = self._metrics[application, name] = self._number(
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
