"""What a tree would change on the board and in the cluster, foreseen without either being touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.cluster.manifests import ManifestsCluster
from iter8_gitops.contracts.cluster import RoutePlace
from iter8_gitops.core.targeting_changes import Outline
from iter8_gitops.errors import UnavailableError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.foresight.changes import Change, Differences, RoutemapDifference
from iter8_gitops.runtime.foresight.comparing import compare
from iter8_gitops.runtime.foresight.outlook import Lookout, foresee
from iter8_gitops.runtime.foresight.published import outline_of, state_of
from iter8_gitops.runtime.inspection import tools
from iter8_gitops.runtime.intake import Intake
from iter8_gitops.serving.results import RoutemapReport
from iter8_gitops.serving.views import routemap_view
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.resource import Absent, Observation, Resource, ResourceId
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.tree import SourceFile, SourceTree
from tests.core.builders import TOOLS, deployment, live

KINDS = KindTable(Plugins.load().kinds())
States = Mapping[str, RoutemapState]


def routemap(name: str = "web", *, weights: tuple[int, ...] = (90, 10), salt: str = "", template: str = "") -> str:
    text = f"apiVersion: iter8.tools/v1\nkind: Routemap\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n"
    text += f"  assignment: {{salt: '{salt}'}}\n" if salt else ""
    text += "  versions:\n"
    for index, weight in enumerate(weights):
        text += f"    - {{weight: {weight}, resources: [{{gvrShort: deploy, name: {name}-{index}}}]}}\n"
    if template:
        text += "  routingTemplates:\n    split:\n      template: |\n"
        text += "".join(f"        {line}\n" for line in template.splitlines())
    return text


ROUTE = "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{weights: [{}, {}]}}"


def manifest(name: str, image: str = "image:1", state: str = "ready") -> str:
    return (
        "apiVersion: apps/v1\nkind: Deployment\n"
        f'metadata: {{name: {name}, namespace: shop, labels: {{iter8.tools/watch: "true"}}}}\n'
        f"spec: {{image: '{image}'}}\nstatus: {{state: {state}}}\n"
    )


def tree_of(**files: str) -> SourceTree:
    content = {f"{path}.yaml": text.encode() for path, text in sorted(files.items())}
    return SourceTree(
        "routemaps", "rev", tuple(SourceFile(path, str(hash(text)), text) for path, text in content.items())
    )


class Cluster:
    """Objects to look at, and the routes that are there."""

    def __init__(self, *resources: Observation, routes: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.resources = {each.id: each for each in resources if isinstance(each, Resource)}
        self.hidden: dict[ResourceId, Absent] = {}
        self.routes = routes or {}
        self.asked: list[RoutePlace] = []

    def look(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Observation]:
        known: dict[ResourceId, Observation] = {**self.resources, **self.hidden}
        return {each: known.get(each, Absent("NotFound", f"{each} is not in the cluster")) for each in ids}

    def look_at_routes(self, places: Collection[RoutePlace]) -> Mapping[RoutePlace, Observation]:
        self.asked += places
        return {
            each: Resource(each.id, self.routes[each.id.name])
            if each.id.name in self.routes
            else Absent("NotFound", "it is not there")
            for each in places
        }

    def foresee(
        self, present: States | None = None, shown: Mapping[str, Outline] | None = None, /, **files: str
    ) -> Differences:
        lookout = Lookout(Intake(KINDS, None), TOOLS, self.look, self.look_at_routes)
        return foresee(tree_of(**files), lookout, present or {}, now=1000.0, shown=shown or {})

    def foresee_by_names(self, present: States, /, **files: str) -> Differences:
        """The same where nobody can look at routes."""
        return foresee(tree_of(**files), Lookout(Intake(KINDS, None), TOOLS, self.look), present, now=1000.0)


def foresee_manifests(folder: Path, present: States | None = None, /, **files: str) -> Differences:
    """As `Cluster.foresee`, where the manifests of the tree stand for a cluster."""
    cluster = ManifestsCluster(folder)
    lookout = Lookout(Intake(KINDS, None), TOOLS, cluster.observe, load_resources=cluster.load)
    return foresee(tree_of(**files), lookout, present or {}, now=1000.0)


def published(found: Differences) -> States:
    """The states that would be on the board."""
    return {each.application: each.after for each in found.routemaps if each.after is not None}


def only(found: Differences) -> RoutemapDifference:
    (difference,) = found.routemaps
    return difference


BOTH = Cluster(live("web-0"), live("web-1"))


def test_a_routemap_that_is_on_no_board_is_added() -> None:
    found = only(BOTH.foresee(web=routemap()))
    assert (found.change, found.path, found.moved) == (Change.ADDED, "web.yaml", 0.0)
    assert found.after is not None
    assert found.after.weights == (90, 10)


def test_what_is_on_the_board_already_is_no_difference() -> None:
    present = published(BOTH.foresee(web=routemap(salt="a"), other=routemap("other")))
    found = BOTH.foresee(present, web=routemap(salt="a"), other=routemap("other"))
    assert not found.any
    assert [each.change for each in found.routemaps] == [Change.UNCHANGED, Change.UNCHANGED]


def test_what_the_http_api_shows_suffices_to_compare() -> None:
    rolling = Cluster(live("web-0"), live("web-1", "rolling"), routes={"web": {"spec": {"weights": [90, 10]}}})
    files = {"web": routemap(salt="a", template=ROUTE)}
    present = published(rolling.foresee(**files))
    shown = {name: state_of(routemap_view(RoutemapReport(state, "", {}))) for name, state in present.items()}
    assert not rolling.foresee(shown, **files).any
    assert compare(shown["shop/web"], present["shop/web"], ()).change is Change.UNCHANGED
    assert shown["shop/web"].origin == present["shop/web"].origin
    assert shown["shop/web"].routes == present["shop/web"].routes


TARGETING = "{overrides: {alice: v1}, holdout: 5%, rules: [{name: staff, when: {group: [staff]}, version: v1}]}"


def targeted(assignment: str = TARGETING) -> str:
    return f"{routemap()}  assignment: {assignment}\n"


def test_a_change_of_targeting_is_told_with_the_share_that_the_holdout_moves() -> None:
    found = only(BOTH.foresee(published(BOTH.foresee(web=routemap())), web=targeted()))

    assert found.change is Change.CHANGED
    assert found.targeting == ("holdout 0% -> 5%", "overrides 0 -> 1", "rule staff is new")
    assert found.moved == pytest.approx(0.005)
    assert found.unforeseen


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (TARGETING, ()),
        (TARGETING.replace("alice", "bob"), ("other overrides, 1 as before",)),
        (TARGETING.replace("[staff]", "[staff, beta]"), ("rule staff changed",)),
    ],
)
def test_what_the_http_api_shows_suffices_to_compare_targeting_too(after: str, told: tuple[str, ...]) -> None:
    present = published(BOTH.foresee(web=targeted()))
    views = {name: routemap_view(RoutemapReport(state, "", {})) for name, state in present.items()}
    states = {name: state_of(view) for name, view in views.items()}

    found = only(BOTH.foresee(states, {name: outline_of(view) for name, view in views.items()}, web=targeted(after)))

    assert "alice" not in str(views)
    assert found.targeting == told
    assert found.change is (Change.CHANGED if told else Change.UNCHANGED)


def test_a_routemap_that_is_kept_keeps_its_targeting() -> None:
    present = published(BOTH.foresee(web=targeted()))
    views = {name: routemap_view(RoutemapReport(state, "", {})) for name, state in present.items()}
    broken = "apiVersion: iter8.tools/v1\nkind: Routemap\nmetadata: {name: web, namespace: shop}\nspec: {}\n"

    for states in (present, {name: state_of(view) for name, view in views.items()}):
        found = only(BOTH.foresee(states, {name: outline_of(view) for name, view in views.items()}, web=broken))
        assert (found.change, found.targeting) == (Change.UNCHANGED, ())


@pytest.mark.parametrize("answer", [{}, {"application": 1}, {"application": "shop/web", "source": "x", "path": "y"}])
def test_an_answer_of_another_kind_of_server_is_told_as_such(answer: dict[str, Any]) -> None:
    with pytest.raises(UnavailableError, match="is it iter8-gitops, and of the same release"):
        state_of(answer)


def test_new_weights_move_users() -> None:
    found = only(BOTH.foresee(published(BOTH.foresee(web=routemap())), web=routemap(weights=(50, 50))))
    assert found.change is Change.CHANGED
    assert found.moved == pytest.approx(0.4)
    assert not any(version.metrics_reset for version in found.versions)


def test_a_new_salt_is_a_difference_even_when_it_moves_nobody() -> None:
    alone = Cluster(live("web-0"))
    present = published(alone.foresee(web=routemap(weights=(1,))))
    found = only(alone.foresee(present, web=routemap(weights=(1,), salt="b")))
    assert (found.change, found.moved) == (Change.CHANGED, 0.0)


def test_new_content_resets_the_metrics_of_its_version_alone() -> None:
    present = published(BOTH.foresee(web=routemap()))
    found = only(Cluster(live("web-0"), live("web-1", content="image:2")).foresee(present, web=routemap()))
    assert [version.metrics_reset for version in found.versions] == [False, True]
    assert found.moved == 0.0


def test_a_candidates_content_in_the_primary_is_a_promotion() -> None:
    before = Cluster(live("web-0"), live("web-1", content="image:2"))
    present = published(before.foresee(web=routemap()))
    after = Cluster(live("web-0", content="image:2"), live("web-1", content="image:2"))
    assert [version.promoted for version in only(after.foresee(present, web=routemap())).versions] == ["v1", ""]


def test_content_that_is_not_ready_yet_keeps_the_metrics_until_it_is() -> None:
    present = published(BOTH.foresee(web=routemap()))
    rolling = Cluster(live("web-0"), live("web-1", "rolling", content="image:2"))
    found = only(rolling.foresee(present, web=routemap()))
    assert found.after is not None
    assert found.change is Change.UNCHANGED
    assert found.after.versions[1].message == "1 of 2 replicas is new"


def test_a_verdict_is_not_held_back_after_an_edit(tmp_path: Path) -> None:
    model = (
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
        'metadata: {name: m, namespace: shop, labels: {iter8.tools/watch: "true"},\n'
        "  annotations: {serving.kserve.io/deploymentMode: ModelMesh}}\n"
        "spec: {predictor: {model: {storageUri: 'URI'}}}\n"
        "status: {conditions: [{type: Ready, status: 'True'}],\n"
        "  modelStatus: {transitionStatus: UpToDate, states: {activeModelState: Loaded, targetModelState: ''}}}\n"
    )
    files = {
        "web": routemap(weights=(1,)).replace("gvrShort: deploy, name: web-0", "gvrShort: isvc, name: m"),
        "m": model,
    }
    plugins = Plugins.load()

    def look(present: States, /, **files: str) -> Differences:
        cluster = ManifestsCluster(tmp_path)
        lookout = Lookout(Intake(KINDS, None), tools(plugins, KINDS), cluster.observe, load_resources=cluster.load)
        return foresee(tree_of(**files), lookout, present, now=1000.0)

    present = published(look({}, **files))
    found = only(look(present, **{**files, "m": model.replace("URI", "OTHER")}))
    assert [version.metrics_reset for version in found.versions] == [True]


def test_a_routemap_that_is_not_in_the_tree_is_pruned_with_its_routes() -> None:
    present = published(BOTH.foresee(web=routemap(template=ROUTE)))
    gone = Cluster(routes={"web": {"spec": {}}}).foresee(present, other="a: b\n")
    assert (only(gone).change, only(gone).after) == (Change.PRUNED, None)
    assert [(route.template, route.change) for route in only(gone).routes] == [("split", Change.PRUNED)]
    assert only(Cluster().foresee(present, other="a: b\n")).routes == ()


def test_versions_come_and_go_by_their_index() -> None:
    three = Cluster(live("web-0"), live("web-1"), live("web-2"))
    two = published(three.foresee(web=routemap(weights=(1, 1))))
    found = only(three.foresee(two, web=routemap(weights=(1, 1, 1))))
    assert [version.change for version in found.versions] == [Change.UNCHANGED, Change.UNCHANGED, Change.ADDED]
    assert found.moved == pytest.approx(1 / 3)
    back = only(three.foresee(published(three.foresee(web=routemap(weights=(1, 1, 1)))), web=routemap(weights=(1, 1))))
    assert [(v.change, v.metrics_reset) for v in back.versions][2] == (Change.PRUNED, True)


def test_an_object_that_the_tree_brings_is_not_in_the_cluster_yet() -> None:
    found = only(Cluster(live("web-0")).foresee(web=routemap(), candidate="# One\n" + manifest("web-1")))
    assert found.after is not None
    said = "Deployment shop/web-1 is not in the cluster yet; candidate.yaml:2 brings it"
    assert found.after.versions[1].message == said
    without = only(Cluster(live("web-0")).foresee(web=routemap()))
    assert without.after is not None
    assert without.after.versions[1].message == "Deployment shop/web-1 is not in the cluster"


def test_a_broken_document_keeps_its_routemap_and_tells_the_place() -> None:
    present = published(BOTH.foresee(web=routemap()))
    found = BOTH.foresee(present, web=routemap().replace("versions", "version"))
    assert not found.any
    assert only(found).kept == "its document is broken"
    assert str(found.problems[0]).startswith("web.yaml:5:3: ")


def test_a_broken_document_that_was_never_good_adds_nothing() -> None:
    found = BOTH.foresee(web=routemap().replace("versions", "version"))
    assert (found.any, found.routemaps, len(found.problems)) == (False, (), 2)


def test_a_kept_routemap_follows_the_manifests_that_change_beside_it(tmp_path: Path) -> None:
    good = {"web": routemap(), "a": manifest("web-0"), "b": manifest("web-1")}
    present = published(foresee_manifests(tmp_path, **good))
    broken = {**good, "web": routemap().replace("versions", "version")}
    assert not foresee_manifests(tmp_path, present, **broken).any
    found = only(foresee_manifests(tmp_path, present, **{**broken, "b": manifest("web-1", "image:2")}))
    assert (found.change, found.kept) == (Change.CHANGED, "its document is broken")
    assert [version.metrics_reset for version in found.versions] == [False, True]


def test_routes_of_a_kept_routemap_are_unknown_when_its_weights_change(tmp_path: Path) -> None:
    good = {"web": routemap(template=ROUTE), "a": manifest("web-0"), "b": manifest("web-1")}
    present = published(foresee_manifests(tmp_path, **good))
    broken = {**good, "web": routemap().replace("versions", "version"), "b": manifest("web-1", state="starting")}
    found = only(foresee_manifests(tmp_path, present, **broken))
    assert found.moved == pytest.approx(0.1)
    assert [(route.change, route.note) for route in found.routes] == [
        (Change.UNKNOWN, "its last good template is not known here")
    ]


def test_routemaps_of_other_sources_stay() -> None:
    present = published(BOTH.foresee(web=routemap()))
    theirs = {
        name: replace(state, origin=replace(state.origin, source="configmaps")) for name, state in present.items()
    }
    found = BOTH.foresee(theirs, other=routemap("other"))
    assert [(each.application, each.change) for each in found.routemaps] == [
        ("shop/other", Change.ADDED),
        ("shop/web", Change.UNCHANGED),
    ]
    twice = BOTH.foresee(theirs, web=routemap(weights=(1, 1)))
    assert not twice.any
    assert "is declared a second time" in twice.problems[0].message


def test_objects_in_a_file_that_is_broken_now_stay_as_the_board_shows_them(tmp_path: Path) -> None:
    good = {"web": routemap(), "live": manifest("web-0") + "---\n" + manifest("web-1")}
    present = published(foresee_manifests(tmp_path, **good))
    spoiled = {**good, "live": good["live"].replace("kind: Deployment", "kind: [", 1)}
    found = foresee_manifests(tmp_path, present, **{**spoiled, "web": routemap(weights=(50, 50))})
    assert only(found).moved == pytest.approx(0.4)
    assert [version.change for version in only(found).versions] == [Change.CHANGED, Change.CHANGED]
    assert not any(version.metrics_reset for version in only(found).versions)
    (note,) = found.notes
    assert note.startswith("live.yaml is broken, and objects in it stay; ")
    assert not foresee_manifests(tmp_path, present, **spoiled).any


def test_an_object_that_is_removed_is_not_looked_for_in_a_broken_file_that_does_not_name_it(tmp_path: Path) -> None:
    good = {"web": routemap(), "a": manifest("web-0"), "b": manifest("web-1")}
    present = published(foresee_manifests(tmp_path, **good))
    files = {"web": good["web"], "a": good["a"], "c": manifest("unrelated").replace("kind: Deployment", "kind: [")}
    found = only(foresee_manifests(tmp_path, present, **files))
    assert found.after is not None
    assert found.after.weights == (90, 0)


def test_what_may_not_be_read_is_taken_to_be_as_the_board_shows_it() -> None:
    present = published(BOTH.foresee(web=routemap()))
    blind = Cluster(live("web-0"))
    blind.hidden = {deployment("web-1"): Absent("Forbidden", "Deployment shop/web-1 may not be read: no")}
    found = blind.foresee(present, web=routemap())
    assert not found.any
    assert found.notes == (
        "Deployment shop/web-1 may not be read: no; taken to be as the board shows: Deployment shop/web-1",
    )


def test_another_cluster_than_the_controllers_is_noticed() -> None:
    present = published(BOTH.foresee(web=routemap()))
    assert "is --cluster the same as that of the controller?" in Cluster().foresee(present, web=routemap()).notes[0]
    assert Cluster(live("web-0")).foresee(present, web=routemap()).notes == ()


def test_a_route_shows_the_fields_that_change() -> None:
    cluster = Cluster(live("web-0"), live("web-1"), routes={"web": {"spec": {"weights": [90, 10]}}})
    present = published(cluster.foresee(web=routemap(template=ROUTE)))
    found = only(cluster.foresee(present, web=routemap(weights=(50, 50), template=ROUTE)))
    (route,) = found.routes
    assert route.change is Change.CHANGED
    assert [(each.path, each.before, each.after) for each in route.fields] == [
        ("spec.weights[0]", 90, 50),
        ("spec.weights[1]", 10, 50),
    ]
    assert cluster.asked[0].version == "v1"


def test_only_the_first_fields_of_a_route_are_listed() -> None:
    template = "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n"
    template += "".join(f"  field{index}: {{0}}\n" for index in range(31))
    cluster = Cluster(live("web-0"), live("web-1"), routes={"web": {"spec": {"other": 1}}})
    (route,) = only(cluster.foresee(web=routemap(template=template))).routes
    assert (len(route.fields), route.more) == (20, 12)
    assert route.note == "it is there already, and is taken over"


def test_drift_of_a_route_is_a_difference_though_the_board_stays() -> None:
    files = {"web": routemap(template=ROUTE)}
    present = published(BOTH.foresee(**files))
    drifted = Cluster(live("web-0"), live("web-1"), routes={"web": {"spec": {"weights": [1, 10]}}})
    assert only(drifted.foresee(present, **files)).change is Change.CHANGED
    assert not BOTH.foresee_by_names(present, **files).any


def test_by_names_alone_routes_come_and_go_but_their_content_is_unknown() -> None:
    present = published(BOTH.foresee(web=routemap(template=ROUTE)))
    other = ROUTE.replace("web", "other")
    found = only(BOTH.foresee_by_names(present, web=routemap(template=other)))
    assert {(r.id.name, r.change) for r in found.routes if r.id is not None} == {
        ("other", Change.ADDED),
        ("web", Change.PRUNED),
    }
    same = only(BOTH.foresee_by_names(present, web=routemap(weights=(1, 1), template=ROUTE)))
    assert [route.change for route in same.routes] == [Change.UNKNOWN]


def test_the_route_of_a_template_that_fails_stays() -> None:
    present = published(BOTH.foresee(web=routemap(template=ROUTE)))
    found = BOTH.foresee(present, web=routemap(template="!" + ROUTE))
    assert [(route.change, route.note) for route in only(found).routes] == [
        (Change.UNCHANGED, "its template cannot be rendered, so it stays")
    ]
    assert not found.any
    assert "routing template 'split': line 1: a mistake" in found.problems[0].message


def test_a_route_of_a_kind_that_the_cluster_does_not_serve_cannot_be_told() -> None:
    class Bare(Cluster):
        def look_at_routes(self, places: Collection[RoutePlace]) -> Mapping[RoutePlace, Observation]:
            return {each: Absent("KindNotInstalled", "the cluster serves no such kind") for each in places}

    cluster = Bare(live("web-0"), live("web-1"))
    (route,) = only(cluster.foresee(web=routemap(template=ROUTE))).routes
    assert (route.change, route.note) == (Change.UNKNOWN, "the cluster serves no such kind")
