"""Objects that a verdict depends on beside the one that a routemap names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from iter8_gitops.contracts.cluster import News
from iter8_gitops.hooks import Readiness, Resource, ResourceId, hookimpl
from iter8_gitops.hooks.manager import Plugins
from tests.runtime.fake_cluster import FakeCluster
from tests.runtime.test_live_cluster import CONFIG_MAP, Bench, routemap

POD = ("", "Pod")


class WaitsForItsPod:
    """A ConfigMap is ready when the pod of its name is seen."""

    @hookimpl
    def related_resources(self, resource: Resource) -> list[ResourceId] | None:
        return [pod(resource.id.name)] if resource.id.kind == "ConfigMap" else None

    @hookimpl
    def readiness(self, resource: Resource, related: Mapping[ResourceId, Resource]) -> Readiness | None:
        if resource.id.kind != "ConfigMap":
            return None
        seen = pod(resource.id.name) in related
        return Readiness.ready("Seen", "its pod is there") if seen else Readiness.progressing("Alone", "it has no pod")


def pod(name: str) -> ResourceId:
    return ResourceId("", "Pod", "shop", name)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, FakeCluster(), Plugins.load(extra={"waits": WaitsForItsPod()}))
    yield made
    made.close()


def test_related_kinds_are_watched_and_awaited_before_anything_is_published(bench: Bench) -> None:
    bench.cluster.unsynced = {POD}
    bench.cluster.put("a")
    bench.deliver("git", web=routemap("web", "a"))
    assert bench.cluster.kinds == {CONFIG_MAP, POD}
    assert bench.snapshot.routemaps == {}
    bench.cluster.unsynced = set()
    bench.cluster.tell(News(kinds=frozenset({POD})))
    bench.step()
    assert bench.snapshot.routemaps["shop/web"].versions[0].reason == "Alone"


def test_a_change_of_a_related_object_is_a_change_of_every_routemap_that_depends_on_it(bench: Bench) -> None:
    bench.cluster.put("a")
    bench.deliver("git", web=routemap("web", "a"))
    assert not bench.snapshot.routemaps["shop/web"].versions[0].available
    bench.cluster.objects[pod("a")] = Resource(pod("a"), {})
    bench.cluster.tell(News(resources=frozenset({("", "Pod", "a")})))
    bench.step()
    assert bench.snapshot.routemaps["shop/web"].versions[0].settled


def test_related_objects_are_not_kept_from_being_deleted(bench: Bench) -> None:
    bench.cluster.put("a")
    bench.deliver("git", web=routemap("web", "a"))
    assert {each.kind for each in bench.cluster.wanted["shop/web"].named} == {"ConfigMap"}


def test_a_kind_that_only_related_objects_have_is_followed_for_as_long_as_one_depends_on_it(bench: Bench) -> None:
    bench.cluster.put("a")
    bench.everything_is_read()
    bench.deliver("git", web=routemap("web", "a"))
    bench.deliver("git", web=routemap("web", "a", "b"))
    bench.deliver("git")
    assert [kinds for _, kinds in bench.calls("watch")] == [set(), {CONFIG_MAP}, {CONFIG_MAP, POD}, set()]
