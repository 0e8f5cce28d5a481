"""What is wrong with documents, by source, in order; only what changed is put in order again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from iter8_gitops.core.desired import DecodedChanges
from iter8_gitops.spec.files import FileContents
from iter8_gitops.spec.problem import Problem

FindingKey: TypeAlias = tuple[str, str]
"""What a problem was found in: a kind of finding, and a name."""


class DocumentProblems:
    """Problems by what they were found in. Owned and changed by one caller."""

    def __init__(self) -> None:
        self._found: dict[str, dict[FindingKey, tuple[Problem, ...]]] = {}
        self._ordered: dict[str, tuple[Problem, ...]] = {}

    def begin(self, source: str) -> None:
        """From now on, `source` is one that was looked at."""
        self._found.setdefault(source, {})
        self._ordered.setdefault(source, ())

    def take(self, news: DecodedChanges) -> None:
        """Take in the files of a source without routemaps."""
        self.begin(news.source)
        for path in news.removed:
            self.put(news.source, ("file", path), ())
        for path, contents in news.changed.items():
            self.put(news.source, ("file", path), laid(contents, ()))

    def put(self, source: str, key: FindingKey, problems: Sequence[Problem]) -> None:
        """These and no others were found in `key`."""
        found = self._found[source]
        if tuple(problems) == found.get(key, ()):
            return
        self._ordered.pop(source, None)
        if problems:
            found[key] = tuple(problems)
        else:
            del found[key]

    def by_source(self) -> Mapping[str, tuple[Problem, ...]]:
        """Every problem, once, by place, for each source that was looked at."""
        for source in self._found.keys() - self._ordered.keys():
            problems = {problem for each in self._found[source].values() for problem in each}
            self._ordered[source] = tuple(sorted(problems, key=_order))
        return {source: self._ordered[source] for source in self._found}


def laid(contents: FileContents, held_back: Sequence[str]) -> tuple[Problem, ...]:
    """Every problem of a file; those that name no routemap are laid at the applications that they hold back."""
    problems: list[Problem] = []
    for problem in (*contents.problems, *(contents.unreadable_problems if held_back else ())):
        if problem.application is None and held_back:
            problems += (replace(problem, application=application) for application in held_back)
        else:
            problems.append(problem)
    return tuple(problems)


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    return problem.file, problem.line, problem.column, problem.message, problem.application or ""
