"""What every cluster backend must do. A backend joins by adding its harness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.contracts.cluster import News, Wanted
from iter8_gitops.core.transitions import Transition
from iter8_gitops.spec.resource import Absent, Resource, ResourceId
from tests.cluster.harnesses import (
    CORE_SERVICE,
    SERVICE,
    Harness,
    ManifestsHarness,
    config_map_route,
    kubernetes_harness,
)
from tests.cluster.waiting import eventually
from tests.controlplane.control_plane import ControlPlane

MakeManifest = Callable[..., Any]


@pytest.fixture
def manifests_harness(tmp_path: Path) -> Harness:
    return ManifestsHarness(tmp_path)


@pytest.fixture
def kubernetes(control_plane: ControlPlane) -> Iterator[Harness]:
    with kubernetes_harness(control_plane) as harness:
        yield harness


@pytest.fixture(params=["manifests_harness", pytest.param("kubernetes", marks=pytest.mark.xdist_group("kubernetes"))])
def harness(request: pytest.FixtureRequest) -> Harness:
    made: Harness = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def service(harness: Harness, manifest: MakeManifest) -> MakeManifest:
    """A Service of Knative in the namespace `shop`, with the watch label."""
    group, kind = SERVICE

    def make(name: str = "web", **sections: Any) -> Any:
        return manifest(name, harness.shop, group=group, kind=kind, **sections)

    return make


def _web(harness: Harness, name: str = "web") -> ResourceId:
    return ResourceId(*SERVICE, harness.shop, name)


def _apply(harness: Harness, application: str, held: frozenset[str] = frozenset(), **values: str) -> None:
    """Apply templates with these values, wait until it is done, and expect no problem."""
    routes = tuple(config_map_route(application, template, value) for template, value in values.items())
    wanted = Wanted(routes, held)
    assert harness.cluster.apply(application, wanted) == ()
    harness.settle()
    assert harness.cluster.apply(application, wanted) == ()


class TestObserving:
    def test_a_watched_object_is_seen_whole(self, harness: Harness, service: MakeManifest) -> None:
        spec = {"traffic": [{"percent": 100, "latestRevision": True}]}
        harness.put([service(spec=spec, status={"observedGeneration": 1})])
        web = _web(harness)
        assert harness.cluster.awaited([web]) == ""
        seen = harness.cluster.observe([web])[web]
        assert isinstance(seen, Resource)
        assert seen.id == web
        assert (seen.spec, seen.status) == (spec, {"observedGeneration": 1})
        assert (seen.manifest["apiVersion"], seen.manifest["kind"]) == ("serving.knative.dev/v1", "Service")

    def test_every_id_that_is_asked_for_is_answered(self, harness: Harness, service: MakeManifest) -> None:
        harness.put([service()])
        missing = _web(harness, "nope")
        answers = harness.cluster.observe({_web(harness), missing})
        assert answers.keys() == {_web(harness), missing}
        absent = answers[missing]
        assert isinstance(absent, Absent)
        assert absent.reason == "NotFound"
        assert f"Service {harness.shop}/nope" in absent.message

    def test_an_object_without_the_label_is_not_watched(self, harness: Harness, service: MakeManifest) -> None:
        harness.put([service(label=None)])
        absent = harness.cluster.observe([_web(harness)])[_web(harness)]
        assert isinstance(absent, Absent)
        assert absent.reason == "NotWatched"
        assert f"Service {harness.shop}/web is in " in absent.message
        assert absent.message.endswith(', but lacks the label iter8.tools/watch: "true"')

    def test_the_same_kind_in_another_group_is_another_object(self, harness: Harness, service: MakeManifest) -> None:
        harness.put([service()])
        core = ResourceId(*CORE_SERVICE, harness.shop, "web")
        assert isinstance(harness.cluster.observe([core])[core], Absent)

    def test_asking_for_nothing_answers_nothing(self, harness: Harness) -> None:
        harness.put([])
        assert harness.cluster.observe([]) == {}
        assert harness.cluster.awaited([]) == ""

    def test_news_tells_once_what_is_observed_otherwise(self, harness: Harness, service: MakeManifest) -> None:
        for objects in ([service()], [service(status={"observedGeneration": 2})], []):
            harness.put(objects)
            eventually(lambda: harness.cluster.news().resources == {(*SERVICE, "web")})
            assert harness.cluster.news() == News()


class TestApplying:
    def test_the_routes_of_an_application_become_exactly_the_given_ones(self, harness: Harness) -> None:
        web = f"{harness.shop}/web"
        _apply(harness, web, a="1", b="1")
        _apply(harness, web, b="2", c="1")
        assert harness.applied() == {f"{web}/b": "2", f"{web}/c": "1"}

    def test_what_is_right_already_is_not_written_again(self, harness: Harness) -> None:
        web = f"{harness.shop}/web"
        _apply(harness, web, http="1")
        before = harness.writes()
        _apply(harness, web, http="1")
        assert harness.writes() == before

    def test_held_templates_keep_what_they_rendered_last(self, harness: Harness) -> None:
        web = f"{harness.shop}/web"
        _apply(harness, web, a="1", b="1")
        _apply(harness, web, a="2", held=frozenset({"b", "never-rendered"}))
        assert harness.applied() == {f"{web}/a": "2", f"{web}/b": "1"}

    def test_other_applications_are_left_alone(self, harness: Harness) -> None:
        web, api, other = f"{harness.shop}/web", f"{harness.shop}/api", f"{harness.prod}/web"
        for application in (web, api, other):
            _apply(harness, application, http="1")
        _apply(harness, web)
        assert harness.applied().keys() == {f"{api}/http", f"{other}/http"}

    def test_withdrawing_an_application_removes_its_routes(self, harness: Harness) -> None:
        web, api = f"{harness.shop}/web", f"{harness.shop}/api"
        for application in (web, api):
            _apply(harness, application, http="1")
        harness.cluster.withdraw(web)
        harness.settle()
        assert harness.applied().keys() == {f"{api}/http"}

    def test_pruning_removes_applications_that_are_not_kept(self, harness: Harness) -> None:
        web, api, other = f"{harness.shop}/web", f"{harness.shop}/api", f"{harness.prod}/web"
        for application in (web, api, other):
            _apply(harness, application, http="1")
        assert harness.cluster.prune({api, f"{harness.shop}/unknown"}) == ()
        harness.settle()
        assert harness.applied().keys() == {f"{api}/http"}

    def test_applying_withdrawing_and_pruning_nothing_is_fine(self, harness: Harness) -> None:
        _apply(harness, f"{harness.shop}/web")
        harness.cluster.withdraw(f"{harness.shop}/unknown")
        assert harness.cluster.prune([]) == ()
        harness.settle()
        assert harness.applied() == {}

    def test_releasing_and_reporting_never_fail(self, harness: Harness) -> None:
        web = f"{harness.shop}/web"
        harness.cluster.release(web, [_web(harness)])
        told = Transition("WeightsChanged", "weights 1:0 -> 1:1", resource=_web(harness))
        harness.cluster.report(web, None, [told])
