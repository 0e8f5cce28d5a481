"""The suite for cluster backends: each kind of mistake is found and explained."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from iter8_gitops_plugins.backends import manifests

from iter8_gitops.cluster.manifests import ManifestsCluster
from iter8_gitops.contracts.cluster import ClusterRequest, News, OpenedCluster, Wanted
from iter8_gitops.hooks import hookimpl
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import Absent, Observation, ResourceId
from iter8_gitops.testing import ClusterContract
from tests.cluster.harnesses import ManifestsHarness
from tests.testing.running import complaints


class MixesGroups(ManifestsCluster):
    def observe(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        knative = {each: ResourceId("serving.knative.dev", each.kind, each.namespace, each.name) for each in ids}
        found = super().observe(knative.values())
        return {each: found[other] for each, other in knative.items()}


class AnswersNotAll(ManifestsCluster):
    def observe(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        return {each: seen for each, seen in super().observe(ids).items() if not isinstance(seen, Absent)}


class ShowsUnlabelled(ManifestsCluster):
    def observe(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        found = super().observe(ids)
        return {each: Absent("NotFound", "") if isinstance(seen, Absent) else seen for each, seen in found.items()}


class RepeatsNews(ManifestsCluster):
    latest = News()

    def news(self) -> News:
        news = super().news()
        self.latest = self.latest if news == News() else news
        return self.latest


class WritesAgain(ManifestsCluster):
    def apply(self, application: str, wanted: Wanted) -> tuple[Problem, ...]:
        super().apply(application, Wanted(held=wanted.held))
        return super().apply(application, wanted)


class ForgetsHeld(ManifestsCluster):
    def apply(self, application: str, wanted: Wanted) -> tuple[Problem, ...]:
        return super().apply(application, Wanted(wanted.routes))


class NeverRemoves(ManifestsCluster):
    def apply(self, application: str, wanted: Wanted) -> tuple[Problem, ...]:
        return super().apply(application, Wanted(wanted.routes, frozenset({"a", "b", "c"})))


class KeepsWithdrawn(ManifestsCluster):
    def withdraw(self, application: str) -> None:
        pass


class PrunesAll(ManifestsCluster):
    def prune(self, keep: Collection[str]) -> tuple[Problem, ...]:
        return super().prune(())


class CannotRelease(ManifestsCluster):
    def release(self, application: str, resources: Collection[ResourceId]) -> None:
        message = "there is nothing to release"
        raise LookupError(message)


def said_of(cluster: type[ManifestsCluster], folder: Path, found_by: str) -> str:
    contract = type("T", (ClusterContract,), {"plugin": manifests})
    fixtures = {"harness": ManifestsHarness(folder, cluster), "tmp_path": folder}
    return complaints(contract, fixtures, only=found_by).get(found_by, "")


MISTAKES: dict[type[ManifestsCluster], tuple[str, str]] = {
    MixesGroups: (
        "test_the_same_kind_in_another_group_is_another_object",
        "a Service of Knative answers for a core one",
    ),
    AnswersNotAll: ("test_every_id_that_is_asked_for_is_answered", "the ids that were answered"),
    ShowsUnlabelled: (
        "test_an_object_without_the_label_is_not_watched",
        "the reason (): 'NotFound', but it should be 'NotWatched'",
    ),
    RepeatsNews: ("test_news_tells_once_what_is_observed_otherwise", "the news after the news"),
    WritesAgain: ("test_what_is_right_already_is_not_written_again", "the writes after a route was applied once more"),
    ForgetsHeld: ("test_held_templates_keep_what_they_rendered_last", "the applied routes: {'shop/web/a': '2'}"),
    NeverRemoves: ("test_the_routes_of_an_application_become_exactly_the_given_ones", "the applied routes: {"),
    KeepsWithdrawn: ("test_withdrawing_an_application_removes_its_routes", "'shop/web/http'"),
    PrunesAll: ("test_pruning_removes_applications_that_are_not_kept", "the applied routes: set()"),
    CannotRelease: ("test_releasing_and_reporting_never_fail", "there is nothing to release"),
}


@pytest.mark.parametrize("cluster", MISTAKES, ids=lambda cluster: cluster.__name__)
def test_a_mistake_is_found_and_explained(cluster: type[ManifestsCluster], tmp_path: Path) -> None:
    found_by, said = MISTAKES[cluster]
    assert said in said_of(cluster, tmp_path, found_by)
    assert said_of(ManifestsCluster, tmp_path / "good", found_by) == ""


def test_a_plugin_that_takes_every_backend_is_found(tmp_path: Path) -> None:
    @hookimpl
    def open_cluster(request: ClusterRequest) -> OpenedCluster:
        return OpenedCluster(ManifestsCluster(request.routes))

    contract = type("T", (ClusterContract,), {"plugin": SimpleNamespace(open_cluster=open_cluster)})
    found_by = "test_other_backends_are_left_to_other_plugins"
    said = complaints(contract, {"tmp_path": tmp_path}, only=found_by)
    assert said == {found_by: "open_cluster answers for 'no-such-backend'"}
