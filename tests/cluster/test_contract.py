"""What every cluster backend must do. A backend joins by adding its harness to `HARNESSES`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from iter8_gitops.cluster.backend import Cluster
from iter8_gitops.cluster.manifests import ManifestsCluster
from iter8_gitops.spec.resource import Absent, Resource, ResourceId
from iter8_gitops.spec.routemap import RenderedRoute

MakeManifest = Callable[..., Any]
MakeRoute = Callable[..., RenderedRoute]
WEB = ResourceId("apps", "Deployment", "shop", "web")


class Harness(Protocol):
    """A backend with a way to fill it and to look at what was applied."""

    @property
    def cluster(self) -> Cluster:
        """The backend."""

    def put(self, manifests: Iterable[Any]) -> None:
        """Make these the only objects."""

    def applied(self) -> Mapping[str, str]:
        """`application/template` -> text, for every applied route."""

    def writes(self) -> object:
        """Something that changes whenever an applied route is written."""


class ManifestsHarness:
    def __init__(self, folder: Path) -> None:
        self._output = folder / "routes"
        self.cluster = ManifestsCluster(self._output)

    def put(self, manifests: Iterable[Any]) -> None:
        self.cluster.load({"all.yaml": list(manifests)})

    def applied(self) -> Mapping[str, str]:
        files = sorted(self._output.glob("*/*/*"))
        return {
            str(path.relative_to(self._output).with_suffix("")): path.read_text().split("\n", 1)[1] for path in files
        }

    def writes(self) -> object:
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in self._output.glob("*/*/*")}


HARNESSES = {"manifests": ManifestsHarness}


@pytest.fixture(params=HARNESSES)
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Harness:
    made: Harness = HARNESSES[request.param](tmp_path)
    return made


class TestObserving:
    def test_a_watched_object_is_seen_whole(self, harness: Harness, manifest: MakeManifest) -> None:
        harness.put([manifest(spec={"replicas": 2}, status={"readyReplicas": 1})])
        seen = harness.cluster.observe([WEB])[WEB]
        assert isinstance(seen, Resource)
        assert seen.id == WEB
        assert (seen.spec, seen.status) == ({"replicas": 2}, {"readyReplicas": 1})

    def test_every_id_that_is_asked_for_is_answered(self, harness: Harness, manifest: MakeManifest) -> None:
        harness.put([manifest()])
        missing = ResourceId("apps", "Deployment", "shop", "nope")
        answers = harness.cluster.observe({WEB, missing})
        assert answers.keys() == {WEB, missing}
        absent = answers[missing]
        assert isinstance(absent, Absent)
        assert absent.reason == "NotFound"
        assert "Deployment shop/nope" in absent.message

    def test_an_object_without_the_label_is_not_watched(self, harness: Harness, manifest: MakeManifest) -> None:
        harness.put([manifest(label=None)])
        absent = harness.cluster.observe([WEB])[WEB]
        assert isinstance(absent, Absent)
        assert absent.reason == "NotWatched"
        assert 'lacks the label iter8.tools/watch: "true"' in absent.message

    def test_the_same_kind_in_another_group_is_another_object(self, harness: Harness, manifest: MakeManifest) -> None:
        harness.put([manifest(group="extensions")])
        assert isinstance(harness.cluster.observe([WEB])[WEB], Absent)

    def test_asking_for_nothing_answers_nothing(self, harness: Harness) -> None:
        assert harness.cluster.observe([]) == {}


class TestApplying:
    def test_the_routes_of_an_application_become_exactly_the_given_ones(
        self, harness: Harness, route: MakeRoute
    ) -> None:
        assert harness.cluster.apply("shop/web", [route("a", "a: 1\n"), route("b", "b: 1\n")]) == ()
        assert harness.cluster.apply("shop/web", [route("b", "b: 2\n"), route("c", "c: 1\n")]) == ()
        assert harness.applied() == {"shop/web/b": "b: 2\n", "shop/web/c": "c: 1\n"}

    def test_what_is_right_already_is_not_written_again(self, harness: Harness, route: MakeRoute) -> None:
        harness.cluster.apply("shop/web", [route()])
        before = harness.writes()
        assert harness.cluster.apply("shop/web", [route()]) == ()
        assert harness.writes() == before

    def test_held_templates_keep_what_they_rendered_last(self, harness: Harness, route: MakeRoute) -> None:
        harness.cluster.apply("shop/web", [route("a", "a: 1\n"), route("b", "b: 1\n")])
        assert harness.cluster.apply("shop/web", [route("a", "a: 2\n")], {"b", "never-rendered"}) == ()
        assert harness.applied() == {"shop/web/a": "a: 2\n", "shop/web/b": "b: 1\n"}

    def test_other_applications_are_left_alone(self, harness: Harness, route: MakeRoute) -> None:
        harness.cluster.apply("shop/web", [route()])
        harness.cluster.apply("shop/api", [route()])
        harness.cluster.apply("prod/web", [route()])
        harness.cluster.apply("shop/web", [])
        assert harness.applied().keys() == {"prod/web/http", "shop/api/http"}

    def test_pruning_removes_applications_that_are_not_kept(self, harness: Harness, route: MakeRoute) -> None:
        for application in ("shop/web", "shop/api", "prod/web"):
            harness.cluster.apply(application, [route()])
        assert harness.cluster.prune({"shop/api", "shop/unknown"}) == ()
        assert harness.applied().keys() == {"shop/api/http"}

    def test_applying_and_pruning_nothing_is_fine(self, harness: Harness) -> None:
        assert harness.cluster.apply("shop/web", []) == ()
        assert harness.cluster.prune([]) == ()
        assert harness.applied() == {}
