"""The contract of a cluster backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar, Protocol

import pytest

from iter8_gitops.contracts.cluster import Cluster, ClusterRequest, Manifest, News, Wanted
from iter8_gitops.core.transitions import Transition
from iter8_gitops.spec.resource import Absent, Resource, ResourceId
from iter8_gitops.testing.checks import check, missing_fixture, same
from iter8_gitops.testing.cluster_objects import CORE_SERVICE, SERVICE, config_map_route, service
from iter8_gitops.testing.plugin import PluginContract
from iter8_gitops.testing.waiting import eventually


class ClusterHarness(Protocol):
    """A backend under test, made for one test and started; it watches `SERVICE` and `CORE_SERVICE` already.

    `shop` and `prod` are two namespaces of its own.
    """

    @property
    def cluster(self) -> Cluster:
        """The backend."""
        ...

    @property
    def shop(self) -> str:
        """A namespace."""
        ...

    @property
    def prod(self) -> str:
        """Another one."""
        ...

    def put(self, objects: Iterable[Manifest]) -> None:
        """Make these the only objects, and wait until the backend can have seen them."""
        ...

    def settle(self) -> None:
        """Wait until everything that was asked for is written."""
        ...

    def applied(self) -> Mapping[str, str]:
        """`application/template` -> `data.value`, for every applied route."""
        ...

    def writes(self) -> object:
        """Something that changes whenever an applied route is written."""
        ...


class ClusterContract(PluginContract):
    """A plugin with `open_cluster`. Give `plugin` and a fixture `harness`."""

    foreign: ClassVar[str] = "no-such-backend"
    """A name of a backend that the plugin leaves to others."""

    @pytest.fixture
    def harness(self) -> ClusterHarness:
        """The backend, and a way to fill it and to look at what was applied."""
        missing_fixture(self, "harness", "a ClusterHarness")

    def test_other_backends_are_left_to_other_plugins(self, tmp_path: Path) -> None:
        """None for a name that the plugin does not know."""
        answer = self.loaded().ask("open_cluster", request=ClusterRequest(self.foreign, "", tmp_path))
        check(answer.value is None and answer.error is None, f"open_cluster answers for {self.foreign!r}")

    def test_a_watched_object_is_seen_whole(self, harness: ClusterHarness) -> None:
        """With its spec and its status as they are."""
        spec = {"traffic": [{"percent": 100, "latestRevision": True}]}
        harness.put([service("web", harness.shop, spec=spec, status={"observedGeneration": 1})])
        web = _web(harness)
        same(harness.cluster.awaited([web]), "", "what is awaited for an object that is there")
        seen = harness.cluster.observe([web])[web]
        if not isinstance(seen, Resource):
            check(False, f"an object that is there is observed as {seen!r}")
            return
        same(seen.id, web, "the id of what was observed")
        same((seen.spec, seen.status), (spec, {"observedGeneration": 1}), "spec and status of what was observed")
        kind = (seen.manifest["apiVersion"], seen.manifest["kind"])
        same(kind, ("serving.knative.dev/v1", "Service"), "apiVersion and kind of what was observed")

    def test_every_id_that_is_asked_for_is_answered(self, harness: ClusterHarness) -> None:
        """An object that is not there is absent, with a reason and a message that names it."""
        harness.put([service("web", harness.shop)])
        missing = _web(harness, "nope")
        answers = harness.cluster.observe({_web(harness), missing})
        same(set(answers), {_web(harness), missing}, "the ids that were answered")
        _check_absent(answers[missing], "NotFound", f"Service {harness.shop}/nope")

    def test_an_object_without_the_label_is_not_watched(self, harness: ClusterHarness) -> None:
        """And the message says which label is missing."""
        harness.put([service("web", harness.shop, watched=False)])
        absent = harness.cluster.observe([_web(harness)])[_web(harness)]
        _check_absent(absent, "NotWatched", f"Service {harness.shop}/web is in ")
        _check_absent(absent, "NotWatched", 'lacks the label iter8.tools/watch: "true"')

    def test_the_same_kind_in_another_group_is_another_object(self, harness: ClusterHarness) -> None:
        """A Service of Knative is no Service of the core group."""
        harness.put([service("web", harness.shop)])
        core = ResourceId(*CORE_SERVICE, harness.shop, "web")
        check(isinstance(harness.cluster.observe([core])[core], Absent), "a Service of Knative answers for a core one")

    def test_asking_for_nothing_answers_nothing(self, harness: ClusterHarness) -> None:
        """No ids, no observations, and nothing to wait for."""
        harness.put([])
        same(dict(harness.cluster.observe([])), {}, "what is observed of nothing")
        same(harness.cluster.awaited([]), "", "what is awaited for nothing")

    def test_news_tells_once_what_is_observed_otherwise(self, harness: ClusterHarness) -> None:
        """A new object, a change of its status, and its removal."""
        made = service("web", harness.shop)
        changed = service("web", harness.shop, status={"observedGeneration": 2})
        for objects in ([made], [changed], []):
            harness.put(objects)
            eventually(
                lambda: harness.cluster.news().resources == {(*SERVICE, "web")},
                what=f"news of Service web after a change to {objects!r:.200}",
            )
            same(harness.cluster.news(), News(), "the news after the news")

    def test_the_routes_of_an_application_become_exactly_the_given_ones(self, harness: ClusterHarness) -> None:
        """New ones are made, changed ones written, and others removed."""
        web = f"{harness.shop}/web"
        _apply(harness, web, a="1", b="1")
        _apply(harness, web, b="2", c="1")
        same(dict(harness.applied()), {f"{web}/b": "2", f"{web}/c": "1"}, "the applied routes")

    def test_what_is_right_already_is_not_written_again(self, harness: ClusterHarness) -> None:
        """The loop applies all routes again and again."""
        web = f"{harness.shop}/web"
        _apply(harness, web, http="1")
        before = harness.writes()
        _apply(harness, web, http="1")
        same(harness.writes(), before, "the writes after a route was applied once more")

    def test_held_templates_keep_what_they_rendered_last(self, harness: ClusterHarness) -> None:
        """A template that cannot be rendered now keeps its route."""
        web = f"{harness.shop}/web"
        _apply(harness, web, a="1", b="1")
        _apply(harness, web, a="2", held=frozenset({"b", "never-rendered"}))
        same(dict(harness.applied()), {f"{web}/a": "2", f"{web}/b": "1"}, "the applied routes")

    def test_other_applications_are_left_alone(self, harness: ClusterHarness) -> None:
        """Also one of the same name in another namespace."""
        web, api, other = _three(harness)
        _apply(harness, web)
        same(set(harness.applied()), {f"{api}/http", f"{other}/http"}, "the applied routes")

    def test_withdrawing_an_application_removes_its_routes(self, harness: ClusterHarness) -> None:
        """And no others."""
        web, api, other = _three(harness)
        harness.cluster.withdraw(web)
        harness.settle()
        same(set(harness.applied()), {f"{api}/http", f"{other}/http"}, "the applied routes")

    def test_pruning_removes_applications_that_are_not_kept(self, harness: ClusterHarness) -> None:
        """Nobody wants them any more."""
        _, api, _ = _three(harness)
        same(harness.cluster.prune({api, f"{harness.shop}/unknown"}), (), "the problems of pruning")
        harness.settle()
        same(set(harness.applied()), {f"{api}/http"}, "the applied routes")

    def test_applying_withdrawing_and_pruning_nothing_is_fine(self, harness: ClusterHarness) -> None:
        """Also for applications that never were."""
        _apply(harness, f"{harness.shop}/web")
        harness.cluster.withdraw(f"{harness.shop}/unknown")
        same(harness.cluster.prune([]), (), "the problems of pruning")
        harness.settle()
        same(dict(harness.applied()), {}, "the applied routes")

    def test_releasing_and_reporting_never_fail(self, harness: ClusterHarness) -> None:
        """Whether there is anything to let go of, and anybody to tell, or not."""
        web = f"{harness.shop}/web"
        harness.cluster.release(web, [_web(harness)])
        told = Transition("WeightsChanged", "weights 1:0 -> 1:1", resource=_web(harness))
        harness.cluster.report(web, None, [told])


def _web(harness: ClusterHarness, name: str = "web") -> ResourceId:
    return ResourceId(*SERVICE, harness.shop, name)


def _apply(harness: ClusterHarness, application: str, held: frozenset[str] = frozenset(), **values: str) -> None:
    """Apply templates with these values, wait until it is done, and expect no problem."""
    routes = tuple(config_map_route(application, template, value) for template, value in values.items())
    wanted = Wanted(routes, held)
    for _ in range(2):
        same(harness.cluster.apply(application, wanted), (), f"the problems of applying {application}")
        harness.settle()


def _three(harness: ClusterHarness) -> tuple[str, str, str]:
    """Three applications with a route each; the last one has the name of the first in another namespace."""
    three = f"{harness.shop}/web", f"{harness.shop}/api", f"{harness.prod}/web"
    for application in three:
        _apply(harness, application, http="1")
    return three


def _check_absent(observed: object, reason: str, said: str) -> None:
    if not isinstance(observed, Absent):
        check(False, f"what should be absent ({reason}) is observed as {observed!r}")
        return
    same(observed.reason, reason, f"the reason ({observed.message})")
    check(said in observed.message, f"the message does not say {said!r}: {observed.message!r}")
