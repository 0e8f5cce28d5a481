"""The reconcile loop, step by step, on real files, plugins, manifests and a real board."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from iter8_gitops.board.history import HistoryReader
from iter8_gitops.board.publisher import BoardPublisher
from iter8_gitops.board.reader import BoardReader
from iter8_gitops.contracts.source import Feed
from iter8_gitops.core.availability import Inspection, Related
from iter8_gitops.core.freshness import awaited, has_state
from iter8_gitops.errors import UnavailableError
from iter8_gitops.runtime.controller import Controller, Parts
from iter8_gitops.runtime.feeds import Delivery
from iter8_gitops.runtime.settings import ControllerSettings
from iter8_gitops.runtime.wiring import controller_parts
from iter8_gitops.spec.resource import Resource
from iter8_gitops.spec.snapshot import RoutemapState, Snapshot
from iter8_gitops.spec.state_folder import StateFolder
from iter8_gitops.spec.tree import SourceFailure, SourceFile, SourceTree

ROUTEMAP = """\
apiVersion: iter8.tools/v1
kind: Routemap
metadata: {{name: {name}, namespace: shop}}
spec:
  versions:
    - resources: [{{gvrShort: cm, name: {name}-0}}]
    - resources: [{{gvrShort: cm, name: {name}-1}}]
"""
ROUTED = (
    ROUTEMAP
    + """\
  routingTemplates:
    route:
      template: |
        apiVersion: v1
        kind: Service
        metadata: {{name: {name}}}
        spec: {{weight: {{{{ index .Weights 1 }}}} }}
"""
)


def config_map(name: str, value: str = "1") -> str:
    return (
        "apiVersion: v1\nkind: ConfigMap\n"
        f'metadata: {{name: {name}, namespace: shop, labels: {{iter8.tools/watch: "true"}}}}\n'
        f"data: {{value: '{value}'}}\n"
    )


def model(name: str, uri: str) -> str:
    return (
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
        f'metadata: {{name: {name}, namespace: shop, labels: {{iter8.tools/watch: "true"}},\n'
        "  annotations: {serving.kserve.io/deploymentMode: ModelMesh}}\n"
        f"spec: {{predictor: {{model: {{storageUri: '{uri}'}}}}}}\n"
        "status: {conditions: [{type: Ready, status: 'True'}],\n"
        "  modelStatus: {transitionStatus: UpToDate, states: {activeModelState: Loaded, targetModelState: ''}}}\n"
    )


class Bench:
    """A controller on a state folder, its clock, and what its readers see."""

    def __init__(self, folder: Path, cluster: str = "manifests") -> None:
        self.state = StateFolder(folder / "state")
        self.now = 1000.0
        (folder / "tree").mkdir(exist_ok=True)
        settings = ControllerSettings(str(folder / "tree"), self.state, cluster=cluster)
        self.stack = ExitStack()
        self.parts: Parts = replace(controller_parts(settings, self.stack), clock=lambda: self.now)
        self.controller = Controller(self.parts)
        self.reader = BoardReader(self.state.board)
        self.revision = 0

    def feed(self, name: str = "routemaps") -> Feed:
        return next(feed for feed in self.parts.feeds if feed.source.name == name)

    def commit(self, name: str = "routemaps", **files: str) -> None:
        self.revision += 1
        content = {f"{path}.yaml": text.encode() for path, text in files.items()}
        tree = SourceTree(
            name,
            f"rev{self.revision}",
            tuple(SourceFile(path, str(hash(text)), text) for path, text in sorted(content.items())),
        )
        self.controller.step([Delivery(self.feed(name), tree)])

    def fail(self, message: str = "it is away") -> None:
        self.controller.step([Delivery(self.feed(), SourceFailure("routemaps", message))])

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.controller.step([])

    @property
    def snapshot(self) -> Snapshot:
        self.reader.refresh()
        return self.reader.snapshot

    def __getitem__(self, application: str) -> RoutemapState:
        return self.snapshot.routemaps[application]

    def close(self) -> None:
        self.reader.close()
        self.stack.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Start a controller; a further one takes over the state of those before it."""
    running: list[Bench] = []

    def start(**more: str) -> Bench:
        if running:
            running[-1].close()
        running.append(Bench(tmp_path, **more))
        return running[-1]

    yield start
    if running:
        running[-1].close()


def test_a_commit_becomes_a_state_on_the_board(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.commit(web=ROUTEMAP.format(name="web"), live=config_map("web-0"))
    assert bench["shop/web"].weights == (1, 0)
    assert bench["shop/web"].origin.revision == "rev1"
    bench.commit(web=ROUTEMAP.format(name="web"), live=config_map("web-0") + "---\n" + config_map("web-1"))
    assert bench["shop/web"].weights == (1, 1)
    bench.commit(live=config_map("web-0"))
    assert bench.snapshot.routemaps == {}


def test_one_broken_routemap_of_three_stays_as_it_was_while_the_others_go_on(start: Callable[..., Bench]) -> None:
    bench = start()
    routemaps = {name: ROUTEMAP.format(name=name) for name in ("one", "two", "three")}
    live = "---\n".join(config_map(f"{name}-0") for name in routemaps)
    bench.commit(**routemaps, live=live)
    moved = {name: text.replace("-1", "-2") for name, text in routemaps.items()}
    broken = {**moved, "two": moved["two"].replace("versions", "verions")}
    bench.commit(**broken, live=live + "---\n" + "---\n".join(config_map(f"{name}-2") for name in routemaps))
    assert [bench[f"shop/{name}"].weights for name in routemaps] == [(1, 1), (1, 0), (1, 1)]
    two = bench["shop/two"]
    assert two.origin.revision == "rev1"
    assert any("did you mean" in str(p) and p.file == "two.yaml" and p.line == 5 for p in two.problems)
    (source,) = bench.snapshot.sources
    assert set(two.problems) == set(source.problems)
    bench.commit(**moved, live=live)
    assert (bench["shop/two"].origin.revision, bench["shop/two"].problems) == ("rev3", ())


def test_broken_yaml_keeps_the_routemaps_and_the_objects_of_that_file(start: Callable[..., Bench]) -> None:
    bench = start()
    everything = "---\n".join([ROUTEMAP.format(name="web"), config_map("web-0"), config_map("web-1")])
    bench.commit(web=everything)
    bench.commit(web="key: [iter8.tools/\n---\n" + everything)
    assert bench["shop/web"].weights == (1, 1)
    assert bench["shop/web"].problems[0].file == "web.yaml"


def test_a_source_that_fails_changes_no_answer_and_is_seen_to_fail(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.commit(web=ROUTEMAP.format(name="web"), live=config_map("web-0"))
    before = bench["shop/web"]
    bench.now = 1010.0
    bench.fail()
    bench.now = 1020.0
    bench.fail()
    (source,) = bench.snapshot.sources
    assert (source.failing_since, source.message, source.read_at) == (1010.0, "it is away", 1000.0)
    assert bench["shop/web"] == before
    bench.commit(web=ROUTEMAP.format(name="web"), live=config_map("web-0"))
    assert bench.snapshot.sources[0].failing_since is None


def test_a_restart_with_the_source_gone_keeps_the_last_good_state(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.commit(web=ROUTEMAP.format(name="web"), live=config_map("web-0") + "---\n" + config_map("web-1"))
    before = bench["shop/web"]
    bench = start()
    bench.fail()
    bench.wait(60)
    assert bench["shop/web"] == before
    assert bench.snapshot.sources[0].failing_since == 1000.0


def test_a_restart_into_a_broken_commit_keeps_the_last_good_routemap(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.commit(web=ROUTEMAP.format(name="web"), live=config_map("web-0"))
    bench = start()
    bench.commit(web="kind: Routemap\nnot: [valid # iter8.tools/", live=config_map("web-0"))
    assert bench["shop/web"].weights == (1, 0)
    assert bench["shop/web"].problems[0].file == "web.yaml"


def test_a_restart_keeps_epochs_and_signatures(start: Callable[..., Bench]) -> None:
    files = {"web": ROUTEMAP.format(name="web"), "live": config_map("web-0")}
    bench = start()
    bench.commit(**files)
    before = bench["shop/web"]
    bench = start()
    bench.now = 5000.0
    bench.commit(**files)
    assert bench["shop/web"].epoch == before.epoch == 1000
    assert bench["shop/web"].versions == before.versions


def test_after_a_restart_on_other_routemaps_the_old_ones_are_gone(start: Callable[..., Bench]) -> None:
    start().commit(web=ROUTEMAP.format(name="web"))
    bench = start()
    bench.commit(api=ROUTEMAP.format(name="api"))
    assert set(bench.snapshot.routemaps) == {"shop/api"}


def test_readers_never_see_half_a_commit(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.commit(a=ROUTEMAP.format(name="a"), b=ROUTEMAP.format(name="b"))
    before = bench.snapshot.sequence
    live = "---\n".join(config_map(name) for name in ("a-0", "a-1", "b-0", "b-1"))
    bench.commit(a=ROUTEMAP.format(name="a"), b=ROUTEMAP.format(name="b"), live=live)
    assert bench.snapshot.sequence == before + 1


def test_a_change_of_one_resource_reconciles_the_routemaps_that_name_it_and_no_others(
    start: Callable[..., Bench], caplog: pytest.LogCaptureFixture
) -> None:
    bench = start()
    names = [f"r{n}" for n in range(20)]
    routemaps = {name: ROUTEMAP.format(name=name) for name in names}
    shared = ROUTEMAP.format(name="shared").replace("shared-1", "r7-1")
    live = "---\n".join(config_map(f"{name}-0") for name in names)
    bench.commit(**routemaps, shared=shared, live=live)
    looked: list[str] = []
    inspect = bench.parts.tools.inspect

    def counting(resource: Resource, related: Related) -> Inspection:
        looked.append(resource.id.name)
        return inspect(resource, related)

    bench.controller._tools = replace(bench.parts.tools, inspect=counting)
    bench.commit(**routemaps, shared=shared, live=live + "---\n" + config_map("r7-1"))
    assert sorted(looked) == ["r7-0", "r7-1", "r7-1"]
    assert bench["shop/shared"].versions[1].available


def test_an_edit_that_no_status_confirms_settles_by_time_alone(start: Callable[..., Bench]) -> None:
    bench = start()
    routemap = ROUTEMAP.format(name="web").replace("gvrShort: cm", "gvrShort: isvc")
    bench.commit(web=routemap, live=model("web-0", "s3://one"))
    old = bench["shop/web"].versions[0].signature
    bench.commit(web=routemap, live=model("web-0", "s3://two"))
    assert (bench["shop/web"].versions[0].reason, bench["shop/web"].versions[0].signature) == ("Settling", old)
    bench.wait(5)
    assert bench["shop/web"].versions[0].signature == old
    bench.wait(6)
    assert bench["shop/web"].versions[0].settled
    assert bench["shop/web"].versions[0].signature != old


def test_routes_are_written_follow_the_weights_and_go_with_their_routemap(start: Callable[..., Bench]) -> None:
    bench = start()
    route = bench.state.routes / "shop" / "web" / "route.yaml"
    bench.commit(web=ROUTED.format(name="web"), live=config_map("web-0"))
    assert "weight: 0" in route.read_text(encoding="utf-8")
    bench.commit(web=ROUTED.format(name="web"), live=config_map("web-0") + "---\n" + config_map("web-1"))
    assert "weight: 1" in route.read_text(encoding="utf-8")
    bench.commit(live=config_map("web-0"))
    assert not route.exists()


def test_a_template_that_breaks_leaves_its_last_route_in_place(start: Callable[..., Bench]) -> None:
    bench = start()
    route = bench.state.routes / "shop" / "web" / "route.yaml"
    bench.commit(web=ROUTED.format(name="web"), live=config_map("web-0"))
    before = route.read_text(encoding="utf-8")
    bench.commit(web=ROUTED.format(name="web").replace("index", "indx"), live=config_map("web-0"))
    assert route.read_text(encoding="utf-8") == before
    assert "routing template 'route'" in bench["shop/web"].problems[0].message


def test_routes_from_before_a_restart_are_removed_when_nobody_wants_them(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.commit(web=ROUTED.format(name="web"), live=config_map("web-0"))
    bench = start()
    bench.commit(api=ROUTED.format(name="api"), live=config_map("api-0"))
    assert [p.name for p in (bench.state.routes / "shop").iterdir()] == ["api"]


def test_a_cluster_of_its_own_is_awaited_before_anything_is_published(
    start: Callable[..., Bench], tmp_path: Path
) -> None:
    bench = start(cluster=f"manifests:{tmp_path / 'live'}")
    bench.commit(web=ROUTEMAP.format(name="web"), ignored=config_map("web-1"))
    assert bench.snapshot.routemaps == {}
    bench.commit("cluster", live=config_map("web-0"))
    assert bench["shop/web"].weights == (1, 0)
    assert bench["shop/web"].versions[1].reason == "NotFound"


def test_problems_of_the_objects_are_shown_with_their_source(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.commit(a=config_map("web-0"), b=config_map("web-0"), web=ROUTEMAP.format(name="web"))
    (source,) = bench.snapshot.sources
    assert [problem.file for problem in source.problems] == ["b.yaml"]
    assert "a.yaml" in source.problems[0].message


def test_a_publication_that_fails_is_made_again(start: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    bench = start()

    def refuse(*_: object) -> int:
        message = "the disk is full"
        raise UnavailableError(message)

    with monkeypatch.context() as full:
        full.setattr(BoardPublisher, "publish", refuse)
        bench.commit(web=ROUTEMAP.format(name="web"), live=config_map("web-0"))
    assert bench.snapshot.routemaps == {}
    bench.wait(1)
    assert bench["shop/web"].weights == (1, 0)


def test_the_loop_reads_its_sources_beats_and_stops_when_it_is_told(
    start: Callable[..., Bench], tmp_path: Path
) -> None:
    bench = start()
    (tmp_path / "tree" / "web.yaml").write_text(ROUTEMAP.format(name="web"), encoding="utf-8")
    stop = Event()
    seen: list[float | None] = []

    def clock() -> float:
        if bench.snapshot.routemaps:
            seen.append(bench.snapshot.controller_at)
            stop.set()
        return 42.0

    settled: list[int] = []
    parts = replace(bench.parts, clock=clock, settle=lambda: settled.append(len(bench.snapshot.routemaps)))
    bench.controller._parts = parts
    bench.controller.run(stop)
    assert seen
    assert bench.snapshot.controller_at == 42.0
    assert settled == [1]  # its memory, once, when all was there


def test_nothing_is_known_before_the_first_tree_and_the_board_says_why(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.fail("cannot reach it")
    assert not has_state(bench.snapshot)
    assert "cannot reach it" in awaited(bench.snapshot)
    bench.commit(web=ROUTEMAP.format(name="web"))
    assert has_state(bench.snapshot)


def test_a_restart_keeps_the_problems_of_a_source_until_it_is_read_again(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.commit(web=ROUTEMAP.format(name="web").replace("kind: Routemap", "kind: Routemapp"))
    (problem,) = bench.snapshot.sources[0].problems
    bench = start()
    bench.fail()
    assert list(bench.snapshot.sources[0].problems) == [problem]
    bench.commit(web=ROUTEMAP.format(name="web"))
    assert list(bench.snapshot.sources[0].problems) == []


def test_a_restart_with_a_broken_manifest_keeps_its_objects(start: Callable[..., Bench]) -> None:
    routemap = ROUTEMAP.format(name="web")
    bench = start()
    bench.commit(web=routemap, live=config_map("web-0") + "---\n" + config_map("web-1"))
    bench.commit(web=routemap, live="data: {{ [ # iter8.tools/")
    assert bench["shop/web"].weights == (1, 1)
    bench = start()
    bench.commit(web=routemap, live="data: {{ [ # iter8.tools/")
    assert bench["shop/web"].weights == (1, 1)
    bench.commit(web=routemap, live=config_map("web-0"))
    assert bench["shop/web"].weights == (1, 0)


def test_what_happens_is_remembered_with_the_revision_that_was_in_force(start: Callable[..., Bench]) -> None:
    bench = start()
    bench.commit(live=config_map("r0-0"), r0=ROUTEMAP.format(name="r0"))
    bench.commit(live=config_map("r0-0") + "---\n" + config_map("r0-1"), r0=ROUTEMAP.format(name="r0"))
    bench.commit(live=config_map("r0-0"))
    found = HistoryReader(bench.state.board).entries("shop/r0", 10)
    assert [each.reason for each in reversed(found)] == [
        "Declared",
        "VersionUnavailable",
        "VersionAvailable",
        "ContentSettled",
        "WeightsChanged",
        "Withdrawn",
    ]
    assert len({each.revision for each in found}) == 3
