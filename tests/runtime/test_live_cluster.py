"""The reconcile loop with a cluster that takes its time, as a real one does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.board.reader import BoardReader
from iter8_gitops.contracts.cluster import News, Owner
from iter8_gitops.contracts.source import Feed
from iter8_gitops.core.freshness import has_state
from iter8_gitops.errors import UnavailableError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.controller import Controller, Parts
from iter8_gitops.runtime.feeds import Delivery
from iter8_gitops.runtime.inspection import tools
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.runtime.last_good import LastGood
from iter8_gitops.runtime.steering.pilot import Pilot
from iter8_gitops.sources.directory import DirectorySource
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import ResourceKind
from iter8_gitops.spec.snapshot import Snapshot
from iter8_gitops.spec.tree import SourceFailure, SourceFile, SourceTree
from tests.runtime.fake_cluster import FakeCluster

CONFIG_MAP = ("", "ConfigMap")


def routemap(name: str, *resources: str, uid: str = "") -> str:
    versions = "".join(f"    - resources: [{{gvrShort: cm, name: {each}}}]\n" for each in resources)
    known = f", uid: {uid}" if uid else ""
    return (
        f"apiVersion: iter8.tools/v1\nkind: Routemap\nmetadata: {{name: {name}, namespace: shop{known}}}\n"
        f"spec:\n  versions:\n{versions}"
    )


class Bench:
    """A controller with the sources `git` and `configmaps`, the health of a cluster, and a fake cluster."""

    def __init__(
        self, folder: Path, cluster: FakeCluster, plugins: Plugins | None = None, pilot: Pilot | None = None
    ) -> None:
        self.cluster = cluster
        self.now = 1000.0
        self.plugins = plugins or Plugins.load()
        self.new_kinds: list[KindTable] = []
        kinds = KindTable(self.plugins.kinds(), {"ro": "rollouts.argoproj.io"})
        self.feeds = {
            "git": Feed(DirectorySource(folder, name="git")),
            "configmaps": Feed(DirectorySource(folder, name="configmaps")),
            "cluster": Feed(DirectorySource(folder, name="cluster"), routemaps=False, resources=True),
        }
        self.board = BoardPublisher(folder / "board.db")
        self.last_good = LastGood(folder / "last-good.db")
        self.controller = Controller(
            Parts(
                feeds=tuple(self.feeds.values()),
                cluster=cluster,
                live_files=None,
                intake=Intake(kinds, None),
                tools=tools(self.plugins, kinds),
                new_kinds=lambda: self.new_kinds.pop() if self.new_kinds else None,
                board=self.board,
                last_good=self.last_good,
                pilot=pilot or Pilot(),
                resync_seconds=600.0,
                clock=lambda: self.now,
            )
        )
        self.reader = BoardReader(folder / "board.db")
        self._trees: dict[str, SourceTree] = {}

    def deliver(self, source: str, **files: str) -> None:
        content = tuple(SourceFile(f"{name}.yaml", text, text.encode()) for name, text in sorted(files.items()))
        revision = "" if source == "cluster" else f"rev{self.now}"
        self.step(Delivery(self.feeds[source], SourceTree(source, revision, content)))

    def fail(self, source: str) -> None:
        self.step(Delivery(self.feeds[source], SourceFailure(source, "it is away")))

    def step(self, *deliveries: Delivery) -> None:
        self.now += 1.5
        self.controller.step(deliveries)

    def everything_is_read(self) -> None:
        for source in self.feeds:
            self.deliver(source)

    @property
    def snapshot(self) -> Snapshot:
        self.reader.refresh()
        return self.reader.snapshot

    def weights(self, application: str) -> tuple[int, ...]:
        return self.snapshot.routemaps[application].weights

    def calls(self, *names: str) -> list[tuple[str, object]]:
        return [call for call in self.cluster.log if call[0] in names]

    def close(self) -> None:
        self.reader.close()
        self.board.close()
        self.last_good.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, FakeCluster())
    yield made
    made.close()


def test_a_routemap_is_not_published_before_its_resources_can_be_seen(bench: Bench) -> None:
    bench.cluster.unsynced = {CONFIG_MAP}
    bench.cluster.put("a")
    bench.deliver("git", web=routemap("web", "a", "b"))
    assert bench.snapshot.routemaps == {}
    assert bench.calls("apply") == []
    bench.cluster.unsynced = set()
    bench.cluster.tell(News(kinds=frozenset({CONFIG_MAP})))
    bench.step()
    assert bench.weights("shop/web") == (1, 0)


def test_there_is_no_state_until_cluster_and_sources_were_all_seen(bench: Bench) -> None:
    bench.cluster.put("a")
    bench.deliver("git", web=routemap("web", "a"))
    bench.deliver("configmaps")
    assert not has_state(bench.snapshot)
    bench.deliver("cluster")
    assert has_state(bench.snapshot)


def test_a_source_that_fails_from_the_start_does_not_hold_up_the_routemaps_of_the_others(bench: Bench) -> None:
    bench.cluster.put("a")
    bench.deliver("configmaps", web=routemap("web", "a"))
    bench.deliver("cluster")
    assert not has_state(bench.snapshot)
    bench.fail("git")
    bench.deliver("cluster")
    assert has_state(bench.snapshot)
    assert bench.weights("shop/web") == (1,)
    assert bench.calls("prune") == []
    bench.deliver("git", more=routemap("more", "a"))
    assert bench.weights("shop/more") == (1,)


def test_the_cluster_counts_as_seen_only_when_every_routemap_has_a_state(bench: Bench) -> None:
    bench.cluster.unsynced = {CONFIG_MAP}
    bench.deliver("git", web=routemap("web", "a"))
    bench.deliver("configmaps")
    bench.deliver("cluster")
    assert not has_state(bench.snapshot)
    bench.cluster.unsynced = set()
    bench.step()
    bench.deliver("cluster")
    assert has_state(bench.snapshot)


def test_a_routemap_whose_resources_cannot_be_seen_does_not_hold_up_the_others_for_long(bench: Bench) -> None:
    bench.cluster.unsynced = {("apps", "Deployment")}
    bench.deliver("git", web=routemap("web", "a"), other=routemap("other", "b").replace("cm", "deploy"))
    bench.deliver("configmaps")
    bench.deliver("cluster")
    assert not has_state(bench.snapshot)
    bench.now += 30
    bench.deliver("cluster")
    assert has_state(bench.snapshot)
    assert bench.snapshot.routemaps.keys() == {"shop/web"}


def test_a_restart_shows_the_states_of_before_while_it_waits_for_the_cluster(bench: Bench, tmp_path: Path) -> None:
    bench.cluster.put("a")
    bench.cluster.put("b")
    bench.everything_is_read()
    bench.deliver("git", web=routemap("web", "a", "b"))
    bench.close()
    again = Bench(tmp_path, FakeCluster())
    again.cluster.unsynced = {CONFIG_MAP}
    again.deliver("git", web=routemap("web", "a", "b"))
    again.fail("cluster")
    assert again.weights("shop/web") == (1, 1), "not the empty caches of a cluster that was not seen yet"
    again.close()


def test_only_kinds_that_routemaps_name_are_watched(bench: Bench) -> None:
    bench.deliver("git", web=routemap("web", "a"))
    assert bench.cluster.kinds == {CONFIG_MAP}
    bench.deliver("git", web=routemap("web", "a").replace("cm", "deploy"))
    assert bench.cluster.kinds == {("apps", "Deployment")}
    bench.deliver("git")
    assert bench.cluster.kinds == frozenset()


def test_a_changed_resource_reconciles_every_routemap_that_names_it_and_no_other(bench: Bench) -> None:
    bench.deliver("git", one=routemap("one", "a", "b"), two=routemap("two", "b"), three=routemap("three", "c"))
    bench.cluster.log.clear()
    bench.cluster.put("b")
    bench.cluster.tell(News(resources=frozenset({("", "ConfigMap", "b")})))
    bench.step()
    assert bench.calls("apply") == [("apply", "shop/one"), ("apply", "shop/two")]


def test_resources_are_released_only_after_the_state_without_them_was_published(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.cluster.put("a")
    bench.cluster.put("b")
    bench.deliver("git", web=routemap("web", "a", "b"))
    going = bench.cluster.put("b", leaving=True)

    def refuse(*_: object) -> None:
        raise UnavailableError("the disk is full")

    bench.cluster.tell(News(resources=frozenset({("", "ConfigMap", "b")})))
    with monkeypatch.context() as patch:
        patch.setattr(bench.board, "publish", refuse)
        bench.step()
    assert bench.calls("release") == []
    bench.step()
    assert bench.weights("shop/web") == (1, 0)
    assert bench.calls("release") == [("release", ("shop/web", frozenset({going})))]


def test_a_released_resource_that_came_back_is_released_no_longer(bench: Bench) -> None:
    bench.cluster.put("a", leaving=True)
    bench.deliver("git", web=routemap("web", "a"))
    bench.cluster.put("a")
    bench.cluster.tell(News(resources=frozenset({("", "ConfigMap", "a")})))
    bench.step()
    assert bench.calls("release")[-1] == ("release", ("shop/web", frozenset()))


def test_nothing_is_pruned_before_every_source_of_routemaps_was_read(bench: Bench) -> None:
    bench.deliver("git", web=routemap("web", "a"))
    bench.fail("configmaps")
    assert bench.calls("prune") == []
    bench.deliver("configmaps")
    assert bench.calls("prune") == [("prune", frozenset({"shop/web"}))]
    bench.deliver("configmaps")
    assert len(bench.calls("prune")) == 1


def test_a_routemap_stays_while_the_source_that_it_came_from_is_away(bench: Bench, tmp_path: Path) -> None:
    bench.everything_is_read()
    bench.deliver("git", web=routemap("web", "a"))
    bench.close()
    (tmp_path / "last-good.db").unlink()
    again = Bench(tmp_path, FakeCluster())
    again.deliver("configmaps")
    again.deliver("cluster")
    assert "shop/web" in again.snapshot.routemaps
    assert again.calls("withdraw") == []
    again.deliver("git")
    assert again.snapshot.routemaps == {}
    assert again.calls("withdraw") == [("withdraw", "shop/web")]
    again.close()


def test_a_routemap_that_goes_before_it_was_ever_published_is_withdrawn_too(bench: Bench) -> None:
    bench.cluster.unsynced = {CONFIG_MAP}
    bench.deliver("git", web=routemap("web", "a"))
    bench.deliver("configmaps")
    assert bench.calls("prune") == [("prune", frozenset({"shop/web"}))]
    bench.deliver("git")
    assert bench.calls("withdraw") == [("withdraw", "shop/web")]


def test_readers_see_a_state_before_the_cluster_is_asked_for_what_follows_from_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = bench.board.publish

    def noted(*arguments: Any) -> None:
        bench.cluster.log.append(("publish", None))
        publish(*arguments)

    monkeypatch.setattr(bench.board, "publish", noted)
    bench.deliver("git", web=routemap("web", "a"))
    assert [name for name, _ in bench.calls("publish", "apply")][:2] == ["publish", "apply"]


def test_the_same_routemap_from_two_sources_is_a_problem_that_names_both_and_the_first_one_stays(bench: Bench) -> None:
    bench.deliver("git", web=routemap("web", "a"))
    bench.deliver("configmaps", copy=routemap("web", "b"))
    state = bench.snapshot.routemaps["shop/web"]
    assert state.origin.source == "git"
    assert [r.name for r in state.versions[0].resources] == ["a"]
    (problem,) = state.problems
    assert problem.file == "copy.yaml"
    assert "web.yaml" in str(problem)
    assert "git" in str(problem)
    bench.deliver("git")
    assert bench.snapshot.routemaps["shop/web"].origin.source == "configmaps"
    assert bench.snapshot.routemaps["shop/web"].problems == ()


def test_what_the_cluster_refuses_is_a_problem_until_it_is_solved(bench: Bench) -> None:
    bench.cluster.put("a")
    bench.cluster.problems = {"shop/web": (Problem("", 0, 0, "another manager holds it", application="shop/web"),)}
    bench.deliver("git", web=routemap("web", "a"))
    state = bench.snapshot.routemaps["shop/web"]
    assert [c.status for c in state.conditions if c.type in {"Ready", "Stalled"}] == [False, True]
    bench.cluster.problems = {}
    bench.cluster.tell(News(applications=frozenset({"shop/web"})))
    bench.step()
    assert bench.snapshot.routemaps["shop/web"].problems == ()


def test_what_is_made_for_a_routemap_in_a_config_map_is_owned_by_it(bench: Bench) -> None:
    bench.deliver("configmaps", web=routemap("web", "a", uid="u-1234"))
    bench.deliver("git", api=routemap("api", "a", uid="u-5678"))
    assert bench.cluster.wanted["shop/web"].owner == Owner("shop", "web", "u-1234")
    assert bench.cluster.wanted["shop/api"].owner is None, "a uid in Git is that of some other cluster"


def test_people_are_told_once_of_what_happened(bench: Bench) -> None:
    bench.cluster.put("a")
    bench.deliver("git", web=routemap("web", "a"))
    bench.deliver("git", web=routemap("web", "a"))
    assert bench.calls("report") == [("report", ("shop/web", None, ("Declared",)))]


def test_everything_is_looked_at_again_now_and_then(bench: Bench) -> None:
    bench.deliver("git", web=routemap("web", "a"))
    bench.cluster.log.clear()
    bench.step()
    assert bench.calls("apply") == []
    bench.now += 600
    bench.step()
    assert bench.calls("apply") == [("apply", "shop/web")]


def test_a_kind_that_becomes_known_later_mends_the_routemaps_that_name_it(bench: Bench) -> None:
    text = routemap("web", "a").replace("cm", "ro")
    bench.deliver("git", web=text)
    assert bench.snapshot.routemaps == {}
    rollout = ResourceKind("argoproj.io", "v1alpha1", "Rollout", "rollouts", ("ro",))
    bench.new_kinds.append(KindTable((rollout, *bench.plugins.kinds())))
    bench.step()
    (resource,) = bench.snapshot.routemaps["shop/web"].versions[0].resources
    assert resource.kind == "Rollout"
    assert bench.cluster.kinds == {("argoproj.io", "Rollout")}


def test_a_config_map_that_never_was_a_good_routemap_is_told_of(bench: Bench) -> None:
    text = routemap("web", "a").replace("versions", "verions").encode()
    tree = SourceTree("configmaps", "1", (SourceFile("configmap/shop/web", "1", text),))
    bench.step(Delivery(bench.feeds["configmaps"], tree))
    told = ("report", ("shop/web", Owner("shop", "web", ""), ("Problem",)))
    assert bench.calls("report") == [told, told], "an unknown key, and a missing one"
