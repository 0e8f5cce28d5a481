"""All problems that are known now, by source, and what changed since somebody last asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from iter8_gitops.core.desired import by_application
from iter8_gitops.spec.problem import Problem


@dataclass(frozen=True, slots=True)
class ProblemNews:
    """Problems that `appeared`, each with its source, the applications whose problems are others than before, and
    whether any changed."""

    appeared: tuple[tuple[str, Problem], ...]
    concerned: frozenset[str]
    changed: bool


class ProblemBook:
    """Problems of documents and of the objects of a manifests cluster."""

    def __init__(self) -> None:
        self._documents: dict[str, tuple[Problem, ...]] = {}
        self._cluster: dict[str, tuple[Problem, ...]] = {}
        self._told: frozenset[Problem] = frozenset()
        self._by_application: Mapping[str, tuple[Problem, ...]] = {}

    def of_documents(self, problems: Mapping[str, Iterable[Problem]]) -> None:
        """The problems of decoded documents, for each source named in `problems`."""
        self._documents.update({source: tuple(theirs) for source, theirs in problems.items()})

    def of_cluster(self, source: str, problems: Iterable[Problem]) -> None:
        """The problems of the objects that stand for a cluster, read from `source`."""
        self._cluster[source] = tuple(problems)

    def by_source(self) -> dict[str, tuple[Problem, ...]]:
        """Every problem, by the source it was found in."""
        sources = (*self._documents, *self._cluster)
        return {s: (*self._documents.get(s, ()), *self._cluster.get(s, ())) for s in dict.fromkeys(sources)}

    def concerning(self, application: str) -> tuple[Problem, ...]:
        """The problems known to concern one application, as of the last `news`."""
        return self._by_application.get(application, ())

    def news(self) -> ProblemNews:
        """What changed since the last call."""
        sources = {problem: source for source, problems in self.by_source().items() for problem in problems}
        were, are = self._by_application, by_application(sources)
        known, self._told = self._told, frozenset(sources)
        self._by_application = are
        return ProblemNews(
            appeared=tuple((sources[problem], problem) for problem in sorted(self._told - known, key=str)),
            concerned=frozenset(app for app in {*are, *were} if are.get(app) != were.get(app)),
            changed=self._told != known,
        )
