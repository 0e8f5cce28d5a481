"""How each source is doing, from what it delivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from iter8_gitops.contracts.source import Feed
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.snapshot import SourceStatus
from iter8_gitops.spec.tree import SourceFailure, SourceTree


class SourceStatuses:
    """The statuses of all sources, by name, in the order in which they were configured."""

    def __init__(self, feeds: Iterable[Feed], published: Iterable[SourceStatus]) -> None:
        known = {status.name: status for status in published}
        self._statuses: dict[str, SourceStatus] = {}
        for feed in feeds:
            name, location = feed.source.name, feed.source.location
            before = known.get(name, SourceStatus(name, location))
            self._statuses[name] = replace(before, location=location, resources=feed.resources)

    def note(self, content: SourceTree | SourceFailure, now: float) -> bool:
        """Take in a delivery. True when it tells more than that the source was read once more."""
        before = self._statuses[content.source]
        if isinstance(content, SourceTree):
            after = replace(
                before,
                revision=content.revision,
                author=content.author,
                read_at=now,
                failing_since=None,
                message="",
            )
        else:
            after = replace(before, failing_since=before.failing_since or now, message=content.message)
        self._statuses[content.source] = after
        first = before.read_at is None and after.read_at is not None
        return first or replace(after, read_at=before.read_at) != before

    def __getitem__(self, name: str) -> SourceStatus:
        """The status of one source. One that is configured no more is known by its name alone."""
        return self._statuses.get(name, SourceStatus(name, ""))

    def with_problems(self, problems: Mapping[str, tuple[Problem, ...]]) -> tuple[SourceStatus, ...]:
        """Every status, with the problems found in that source; those of one not read yet are as published last."""
        return tuple(replace(s, problems=problems.get(name, s.problems)) for name, s in self._statuses.items())
