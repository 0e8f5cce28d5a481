"""The promotions and rollbacks of an application in the history of a branch, found by their trailers."""

from __future__ import annotations

from dataclasses import dataclass

from iter8_gitops.promotion.git.commands import Commands, said
from iter8_gitops.promotion.messages import APPLICATION, REVERTS, SIGNATURE, VERSION, trailers_of
from iter8_gitops.sources.git.process import GitFailedError

_FIELDS = 4


@dataclass(frozen=True, slots=True)
class Event:
    """A commit that promoted a version, or rolled back the commits `reverts`."""

    commit: str
    parent: str
    version: str
    signature: str
    subject: str
    reverts: tuple[str, ...] = ()

    @property
    def is_promotion(self) -> bool:
        """False for a rollback."""
        return not self.reverts


def events(git: Commands, tip: str, application: str) -> tuple[Event, ...]:
    """What was promoted and rolled back in the history of `tip`, newest first. Raises `GitFailedError`."""
    output = git.run(
        *("log", "--no-show-signature", "--no-color", "-z", "--fixed-strings", f"--grep={APPLICATION}: {application}"),
        *("--format=%H%x01%P%x01%s%x01%B", "--end-of-options", tip),
    )
    found: list[Event] = []
    for record in filter(None, output.decode("utf-8", "replace").split("\0")):
        fields = record.split("\x01", _FIELDS - 1)
        if len(fields) < _FIELDS:
            continue
        commit, parents, subject, message = fields
        trailers = trailers_of(message)
        if trailers.get(APPLICATION, [])[-1:] != [application] or SIGNATURE not in trailers:
            continue
        version, reverts = trailers.get(VERSION, [""])[-1], tuple(trailers.get(REVERTS, ()))
        found.append(Event(commit, parents.partition(" ")[0], version, trailers[SIGNATURE][-1], subject, reverts))
    return tuple(found)


def standing(found: tuple[Event, ...]) -> tuple[Event, ...]:
    """The promotions that were not rolled back, newest first."""
    undone = {commit for event in found for commit in event.reverts}
    return tuple(event for event in found if event.is_promotion and event.commit not in undone)


def resolve(git: Commands, revision: str) -> str:
    """The commit that a person names, or ""."""
    try:
        return said(git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"))
    except GitFailedError:
        return ""


def is_ancestor(git: Commands, older: str, newer: str) -> bool:
    """Whether `older` is `newer`, or in its history."""
    try:
        git.run("merge-base", "--is-ancestor", older, newer)
    except GitFailedError:
        return False
    return True
