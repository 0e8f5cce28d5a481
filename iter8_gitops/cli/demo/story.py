"""The story: a primary is served, a candidate is tried on real users, measured, promoted, and gone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from iter8_gitops.cli.demo.clients import METRIC, Clients
from iter8_gitops.cli.demo.manifests import (
    APPLICATION,
    CANDIDATE_MODEL,
    PRIMARY_MODEL,
    ROUTEMAP,
    inference_service,
    loaded_status,
    loading_status,
    reloading_status,
)
from iter8_gitops.cli.demo.narrator import Narrator
from iter8_gitops.cli.demo.playground import Cluster, Repository, System

_USERS = [f"user-{number}" for number in range(1000)]
_FEW = _USERS[:100]


@dataclass(frozen=True, slots=True)
class Story:
    """The parts that play: who tells, where commits go, where models run, what is demonstrated, who calls it."""

    narrator: Narrator
    repository: Repository
    cluster: Cluster
    system: System
    clients: Clients

    def play(self) -> None:
        """Play the story up to the promoted winner. Raises `ExpectationError` when a promise is not kept."""
        self._serve_the_primary()
        self._commit_a_candidate()
        self._the_candidate_becomes_ready()
        measured = self._measure()
        self._promote(measured)
        self._delete_the_candidate()

    def clean_up(self) -> None:
        """Withdraw the routemap and the primary: the end of the story."""
        self.narrator.step("Clean up")
        commit = self.repository.commit("Remove the backend", {"backend.yaml": None, "backend-0.yaml": None})
        self.cluster.delete("backend-0")
        self.narrator.did(f"commit {commit} removes the routemap and the primary")
        self.narrator.await_sight("the routemap is gone", lambda: self.clients.versions() is None or None)
        self.narrator.saw(f"{APPLICATION} is unknown again")

    def _serve_the_primary(self) -> None:
        tell = self.narrator
        tell.step("A primary model is served")
        primary = inference_service("backend-0", "v0", PRIMARY_MODEL)
        commit = self.repository.commit(
            "Serve the backend model", {"backend.yaml": ROUTEMAP, "backend-0.yaml": primary}
        )
        tell.did(f"commit {commit}: routemap {APPLICATION} and InferenceService backend-0")
        self.cluster.apply(primary, loaded_status(0))
        tell.did("KServe loads the model: backend-0 is ready")
        tell.await_sight("the system answers", self.clients.ready)
        self._await_version(0, lambda version: version["settled"], "backend-0 is seen to be ready")
        self._expect_only_primary()

    def _commit_a_candidate(self) -> None:
        tell = self.narrator
        tell.step("A candidate is committed, and is not ready yet")
        candidate = inference_service("backend-1", "v1", CANDIDATE_MODEL)
        commit = self.repository.commit("Try a new model", {"backend-1.yaml": candidate})
        tell.did(f"commit {commit}: InferenceService backend-1")
        self.cluster.apply(candidate, loading_status())
        tell.did("KServe begins to load the model")
        version = self._await_version(1, lambda v: v["reason"] != "NotFound", "backend-1 is seen")
        tell.saw(f"it waits: {version['message']}")
        self._expect_only_primary()

    def _the_candidate_becomes_ready(self) -> None:
        tell = self.narrator
        tell.step("The candidate becomes ready and takes its share of users")
        self.cluster.apply(inference_service("backend-1", "v1", CANDIDATE_MODEL), loaded_status(1))
        tell.did("KServe has loaded the model: backend-1 is ready")
        self._await_version(1, lambda version: version["settled"], "backend-1 is seen to be ready")
        tell.await_sight("lookups follow", lambda: len(self.clients.counts(_FEW)) == 2 or None)
        counts = self.clients.counts(_USERS)
        share = counts[1] / len(_USERS)
        error = 4 * math.sqrt(0.25 / len(_USERS))
        tell.expect(
            abs(share - 0.5) <= error,
            f"of {len(_USERS)} users, {counts[0]} get version 0 and {counts[1]} get version 1 (weights 1:1)",
        )
        over_grpc = [self.clients.lookup(user) for user in _FEW]
        over_http = [self.clients.lookup_over_http(user) for user in _FEW]
        tell.expect(
            over_grpc == over_http, f"{len(_FEW)} users asked again, over gRPC and HTTP: each keeps the version"
        )

    def _measure(self) -> dict[int, dict[str, Any]]:
        tell = self.narrator
        tell.step("Both versions are measured")
        versions = {user: self.clients.lookup(user) for user in _USERS}
        generator = random.Random(8)  # noqa: S311 (a story, not a secret)
        values = {user: round(generator.gauss(10 + 2 * version, 3), 3) for user, version in versions.items()}
        for user in _FEW:
            self.clients.write_over_grpc(user, values[user])
        rest = {user: value for user, value in values.items() if user not in set(_FEW)}
        accepted = self.clients.write_over_http(rest)
        tell.did(f"{len(_FEW)} values of {METRIC} are written over gRPC, {accepted} over HTTP")
        summaries = self.clients.summaries()
        for version, row in sorted(summaries.items()):
            tell.did(f"version {version}: {row['Count']} values, mean {row['Mean']:.2f}, deviation {row['StdDev']:.2f}")
        for version in (0, 1):
            mine = [values[user] for user in _USERS if versions[user] == version]
            row = summaries.get(version, {"Count": 0, "Mean": math.nan})
            exact = row["Count"] == len(mine) and math.isclose(row["Mean"], sum(mine) / len(mine), rel_tol=1e-9)
            tell.expect(exact, f"the dashboard's count and mean of version {version} are those of the values written")
        return summaries

    def _promote(self, measured: dict[int, dict[str, Any]]) -> None:
        tell = self.narrator
        tell.step("The candidate has won and is promoted")
        tell.expect(measured[1]["Mean"] > measured[0]["Mean"], "the candidate is ahead")
        before = self._known_versions()
        primary = inference_service("backend-0", "v1", CANDIDATE_MODEL)
        commit = self.repository.commit("Promote the candidate", {"backend-0.yaml": primary})
        tell.did(f"commit {commit}: backend-0 gets the candidate's model")
        self.cluster.apply(primary, reloading_status())
        tell.did("KServe loads it beside the old one, which still answers")
        version = self._await_version(0, lambda v: not v["settled"], "backend-0 is seen to be loading")
        tell.expect(version["available"], f"the primary keeps its users meanwhile ({version['message']})")
        tell.expect(
            version["signature"] == before[0]["signature"],
            f"its signature is still {version['signature']}: metrics go to the content that answers",
        )
        self.cluster.apply(primary, loaded_status(2))
        tell.did("KServe has loaded the model")
        version = self._await_version(0, lambda v: v["settled"], "backend-0 answers with the new model")
        tell.expect(
            version["signature"] == before[1]["signature"],
            f"signature {before[0]['signature']} -> {version['signature']}, the one the candidate had",
        )
        rows = tell.await_sight("fresh metrics", lambda: ((s := self.clients.summaries()) and 0 not in s and s) or None)
        tell.saw(f"metrics of version 0 begin anew (the dashboard shows version {', '.join(map(str, rows))})")

    def _delete_the_candidate(self) -> None:
        tell = self.narrator
        tell.step("The candidate is deleted")
        commit = self.repository.commit("Delete the candidate", {"backend-1.yaml": None})
        self.cluster.delete("backend-1")
        tell.did(f"commit {commit}: InferenceService backend-1 is gone")
        self._await_version(1, lambda version: version["reason"] == "NotFound", "backend-1 is seen to be gone")
        tell.await_sight("lookups follow", lambda: set(self.clients.counts(_FEW)) == {0} or None)
        self._expect_only_primary()
        self.clients.write_over_http(dict.fromkeys(_FEW, 12.0))
        rows = self.clients.summaries()
        tell.expect(
            set(rows) == {0} and rows[0]["Count"] == len(_FEW),
            f"{len(_FEW)} new values are all credited to version 0, the promoted model",
        )

    def _expect_only_primary(self) -> None:
        counts = self.clients.counts(_FEW)
        self.narrator.expect(set(counts) == {0}, f"{len(_FEW)} users of {len(_FEW)} get version 0")

    def _await_version(self, index: int, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            versions = self.clients.versions()
            return versions[index] if versions and holds(versions[index]) else None

        seen = self.narrator.await_sight(what, look)
        self.narrator.saw(what)
        return seen

    def _known_versions(self) -> list[dict[str, Any]]:
        return self.narrator.await_sight("the routemap is known", self.clients.versions)
