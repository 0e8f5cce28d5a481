"""Which manifest answers for which id, and what is said when none does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.cluster.manifests import ManifestsCluster
from iter8_gitops.contracts.cluster import Loaded, News, Wanted
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId

MakeManifest = Callable[..., Any]
WEB = ResourceId("apps", "Deployment", "shop", "web")
KEY = ("apps", "Deployment", "web")


@pytest.fixture
def cluster(tmp_path: Path) -> ManifestsCluster:
    return ManifestsCluster(tmp_path / "routes")


def _see(cluster: ManifestsCluster, wanted: ResourceId = WEB) -> Observation:
    return cluster.observe([wanted])[wanted]


def _message(observation: Observation) -> str:
    assert isinstance(observation, Absent)
    return observation.message


def test_a_manifest_without_namespace_answers_for_any(cluster: ManifestsCluster, manifest: MakeManifest) -> None:
    cluster.load({"a.yaml": [manifest(namespace="")]})
    for namespace in ("shop", "prod"):
        wanted = ResourceId("apps", "Deployment", namespace, "web")
        seen = _see(cluster, wanted)
        assert isinstance(seen, Resource)
        assert seen.id == wanted


def test_a_manifest_that_states_the_namespace_comes_first(cluster: ManifestsCluster, manifest: MakeManifest) -> None:
    cluster.load({"a.yaml": [manifest(namespace="", spec={"from": "any"}), manifest(spec={"from": "shop"})]})
    seen, elsewhere = _see(cluster), _see(cluster, ResourceId("apps", "Deployment", "prod", "web"))
    assert isinstance(seen, Resource)
    assert seen.spec == {"from": "shop"}
    assert isinstance(elsewhere, Resource)
    assert elsewhere.spec == {"from": "any"}


def test_the_version_of_the_api_group_does_not_matter(cluster: ManifestsCluster, manifest: MakeManifest) -> None:
    cluster.load({"a.yaml": [manifest(apiVersion="apps/v1beta2")]})
    assert isinstance(_see(cluster), Resource)


def test_an_unwatched_object_is_named_with_its_place(cluster: ManifestsCluster, manifest: MakeManifest) -> None:
    cluster.load({"apps/web.yaml": [manifest(label=None, line=12)]})
    assert _see(cluster) == Absent(
        "NotWatched",
        'Deployment shop/web is in apps/web.yaml:12, but lacks the label iter8.tools/watch: "true"',
    )


@pytest.mark.parametrize(("label", "shown"), [(True, "True"), ("false", "'false'"), ("yes", "'yes'"), (1, "1")])
def test_a_wrong_value_of_the_label_is_shown(
    cluster: ManifestsCluster, manifest: MakeManifest, label: object, shown: str
) -> None:
    cluster.load({"web.yaml": [manifest(label=label)]})
    assert _message(_see(cluster)).endswith(f'its label iter8.tools/watch is {shown} and not the string "true"')


@pytest.mark.parametrize(
    ("there", "hint"),
    [
        ({"namespace": "prod"}, "; there is Deployment prod/web in a.yaml:3"),
        ({"name": "webb"}, "; there is Deployment shop/webb in a.yaml:3"),
        ({"name": "webb", "namespace": ""}, "; there is Deployment webb in a.yaml:3"),
        ({"group": "extensions"}, "; there is Deployment shop/web in a.yaml:3, of group extensions"),
        ({"name": "entirely-different"}, ""),
        ({"kind": "StatefulSet"}, ""),
    ],
)
def test_a_missing_object_is_not_found_with_a_hint_at_what_was_perhaps_meant(
    cluster: ManifestsCluster, manifest: MakeManifest, there: dict[str, str], hint: str
) -> None:
    cluster.load({"a.yaml": [manifest(**there, line=3)]})
    expected = f"Deployment shop/web of group apps is not among the manifests{hint}"
    assert _see(cluster) == Absent("NotFound", expected)


def test_before_anything_was_loaded_nothing_is_found(cluster: ManifestsCluster) -> None:
    assert _message(_see(cluster)).endswith("is not among the manifests")


def test_of_two_manifests_of_an_object_the_first_by_path_counts_and_both_are_named(
    cluster: ManifestsCluster, manifest: MakeManifest
) -> None:
    second, first = manifest(spec={"from": "b"}, line=7), manifest(spec={"from": "a"}, line=4)
    loaded = cluster.load({"b.yaml": [second], "a.yaml": [first]})
    seen = _see(cluster)
    assert isinstance(seen, Resource)
    assert seen.spec == {"from": "a"}
    assert [str(problem) for problem in loaded.problems] == [
        "b.yaml:7: Deployment shop/web is already in a.yaml:4, and that one counts (keep only one of the two)"
    ]


def test_twice_in_one_file_is_a_problem_too(cluster: ManifestsCluster, manifest: MakeManifest) -> None:
    loaded = cluster.load({"a.yaml": [manifest(line=1), manifest(line=20)]})
    assert [(problem.file, problem.line) for problem in loaded.problems] == [("a.yaml", 20)]


def test_foreign_objects_may_be_there_many_times(cluster: ManifestsCluster, manifest: MakeManifest) -> None:
    loaded = cluster.load({path: [manifest(label=None)] for path in ("base/web.yaml", "overlays/prod/web.yaml")})
    assert loaded.problems == ()


def test_loading_the_same_again_changes_nothing(cluster: ManifestsCluster, manifest: MakeManifest) -> None:
    def files() -> dict[str, list[Any]]:
        return {"a.yaml": [manifest(spec={"share": float("nan")}), manifest("api", label=None)]}

    assert cluster.load(files()).changed == {KEY, ("apps", "Deployment", "api")}
    assert cluster.load(files()).changed == frozenset()


@pytest.mark.parametrize(
    "changes",
    [
        {"spec": {"replicas": 2}},
        {"spec": {"replicas": True}},
        {"spec": {"replicas": 1.0}},
        {"spec": {"replicas": 1}, "status": {"readyReplicas": 1}},
        {"spec": {"replicas": 1}, "label": None},
        {"spec": {"replicas": 1}, "namespace": ""},
        {"spec": {"replicas": 1}, "namespace": "prod"},
    ],
)
def test_any_change_of_an_object_is_noticed(
    cluster: ManifestsCluster, manifest: MakeManifest, changes: dict[str, Any]
) -> None:
    cluster.load({"a.yaml": [manifest(spec={"replicas": 1}), manifest("api")]})
    assert cluster.load({"a.yaml": [manifest(**changes), manifest("api")]}).changed == {KEY}
    assert cluster.load({"a.yaml": [manifest("api")]}).changed == {KEY}


def test_a_watched_object_may_move_unnoticed_but_an_unwatched_one_is_named_by_its_place(
    cluster: ManifestsCluster, manifest: MakeManifest
) -> None:
    cluster.load({"a.yaml": [manifest(), manifest("api", label=None)]})
    changed = cluster.load({"b.yaml": [manifest(line=5), manifest("api", label=None)]}).changed
    assert changed == {("apps", "Deployment", "api")}


def test_only_files_that_changed_are_looked_at_again(cluster: ManifestsCluster, manifest: MakeManifest) -> None:
    class Untouchable(list[Any]):
        touched = 0

        def __iter__(self) -> Iterator[Any]:
            self.touched += 1
            return super().__iter__()

    same = Untouchable([manifest("api")])
    cluster.load({"a.yaml": [manifest()], "b.yaml": same})
    before = same.touched
    assert cluster.load({"a.yaml": [manifest(status={"replicas": 1})], "b.yaml": same}).changed == {KEY}
    assert same.touched == before


def test_when_the_first_of_two_goes_the_second_takes_over(cluster: ManifestsCluster, manifest: MakeManifest) -> None:
    first, second = [manifest(spec={"from": "a"})], [manifest(spec={"from": "b"})]
    cluster.load({"a.yaml": first, "b.yaml": second})
    loaded = cluster.load({"b.yaml": second})
    assert loaded == Loaded(frozenset({KEY}), ())
    seen = _see(cluster)
    assert isinstance(seen, Resource)
    assert seen.spec == {"from": "b"}
    again = cluster.load({"a.yaml": first, "b.yaml": second})
    assert again.changed == {KEY}
    assert len(again.problems) == 1


@dataclass(frozen=True)
class PlainManifest:
    resource: Resource
    watched: bool
    line: int


_contents = st.fixed_dictionaries({"spec": st.integers(0, 1)})
_ids = st.builds(
    ResourceId,
    st.just("apps"),
    st.just("Deployment"),
    st.sampled_from(["", "shop", "prod"]),
    st.sampled_from("abc"),
)
_manifests = st.builds(PlainManifest, st.builds(Resource, _ids, _contents), st.booleans(), st.integers(1, 2))
_pool = st.lists(st.lists(_manifests, max_size=3), min_size=1, max_size=4)


@given(st.data())
def test_after_any_commits_the_answers_are_those_of_a_cluster_started_now(data: st.DataObject) -> None:
    pool = data.draw(_pool)
    trees = st.dictionaries(st.sampled_from(["a.yaml", "b.yaml", "c.yaml"]), st.sampled_from(pool))
    cluster = ManifestsCluster(Path("unused"))
    wanted = [ResourceId("apps", "Deployment", space, name) for space in ("shop", "prod", "x") for name in "abc"]
    for tree in data.draw(st.lists(trees, min_size=1, max_size=4)):
        earlier = cluster.observe(wanted)
        loaded = cluster.load(tree)
        later = cluster.observe(wanted)
        fresh = ManifestsCluster(Path("unused"))
        assert fresh.load(tree).problems == loaded.problems
        assert fresh.observe(wanted) == later
        for each in wanted:
            if (each.group, each.kind, each.name) not in loaded.changed:
                assert _without_hint(earlier[each]) == _without_hint(later[each])


def _without_hint(observation: Observation) -> Observation:
    if isinstance(observation, Absent):
        return replace(observation, message=observation.message.partition(";")[0])
    return observation


@pytest.mark.parametrize("declared_at", ["a.yaml", "z.yaml"])
def test_a_live_object_counts_before_its_declaration_and_is_no_problem(
    cluster: ManifestsCluster, manifest: MakeManifest, declared_at: str
) -> None:
    live = manifest(status={"availableReplicas": 1})
    loaded = cluster.load({declared_at: [manifest()], "live.yaml": [live]})
    seen = _see(cluster)
    assert isinstance(seen, Resource)
    assert seen.status == {"availableReplicas": 1}
    assert loaded.problems == ()


def test_until_the_first_load_the_manifests_are_awaited(cluster: ManifestsCluster) -> None:
    assert cluster.awaited([WEB]) == "waiting until the manifests have been read"
    assert cluster.awaited([]) == ""
    cluster.load({})
    assert cluster.awaited([WEB]) == ""


def test_the_first_load_makes_every_watched_kind_observable(cluster: ManifestsCluster) -> None:
    cluster.watch([("apps", "Deployment")])
    assert cluster.news() == News()
    cluster.load({})
    assert cluster.news() == News(kinds=frozenset({("apps", "Deployment")}))
    cluster.load({})
    assert cluster.news() == News()


def test_news_gathers_what_loads_changed_and_tells_it_once(cluster: ManifestsCluster, manifest: MakeManifest) -> None:
    cluster.load({"a.yaml": [manifest()]})
    cluster.load({"a.yaml": [manifest("api")]})
    assert cluster.news() == News(resources=frozenset({KEY, ("apps", "Deployment", "api")}))
    assert cluster.news() == News()


def test_what_cannot_be_withdrawn_is_logged(
    cluster: ManifestsCluster,
    route: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    cluster.apply("shop/web", Wanted(routes=(route(),)))
    monkeypatch.setattr(Path, "unlink", refuse)
    cluster.withdraw("shop/web")
    assert "could not be removed: Permission denied" in caplog.text
