"""`diff`: a directory or a commit compared with what a controller has published."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from iter8_gitops.cli import main
from iter8_gitops.cli.diff.sentences import content_sentences, moved_sentence
from iter8_gitops.core.desired import Declared
from iter8_gitops.errors import NotFoundError
from iter8_gitops.hooks.manager import Plugins
from iter8_gitops.runtime.foresight.comparing import compare
from iter8_gitops.runtime.preview import preview
from iter8_gitops.serving.results import BoardStatus, Overview, RoutemapReport
from iter8_gitops.serving.views import overview_view, routemap_view
from iter8_gitops.spec.files import decode_file
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.routemap import Origin
from iter8_gitops.spec.snapshot import RoutemapState
from iter8_gitops.spec.tree import SourceFile
from tests.e2e.system import Repository
from tests.runtime.test_controller import ROUTED, ROUTEMAP, Bench, config_map

TOP = Path(__file__).parents[2]
EXAMPLES = [path for folder in ("routemaps", "cluster") for path in sorted((TOP / "examples" / folder).glob("*.yaml"))]
PLUGINS = Plugins.load()
KINDS = KindTable(PLUGINS.kinds())
TREE = {
    "web": ROUTED.format(name="web"),
    "api": ROUTEMAP.format(name="api"),
    "live": "---\n".join(config_map(name) for name in ("web-0", "web-1", "api-0", "api-1")),
}
WEIGHED = TREE["web"].replace("- resources", "- weight: 3\n      resources", 1)
EXTRA = ROUTEMAP.format(name="extra")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A controller that has published TREE."""
    bench = Bench(tmp_path)
    bench.commit(**TREE)
    yield bench
    bench.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with TREE in it."""
    write(tmp_path / "new", TREE)
    return tmp_path / "new"


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def diff(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, arguments)])


def against(bench: Bench, *arguments: str | Path) -> Result:
    return diff(*arguments, "--state-dir", bench.state.root)


def test_nothing_to_change_is_exit_code_0(bench: Bench, folder: Path) -> None:
    result = against(bench, folder)
    assert (result.exit_code, result.stdout) == (0, "no differences: 2 routemaps stay as they are\n")


def test_a_controller_that_is_silent_is_told(bench: Bench, folder: Path) -> None:
    said = "note: the present state may be out of date: the controller has not been heard of for "
    assert against(bench, folder).stderr.startswith(said)  # a bench does not run, so its heart does not beat


def test_differences_are_exit_code_1_and_a_block_for_each_routemap(bench: Bench, folder: Path) -> None:
    live = TREE["live"].replace(config_map("web-1"), config_map("web-1", "2")) + "---\n" + config_map("extra-0")
    write(folder, {"web": WEIGHED, "live": live, "extra": EXTRA})
    (folder / "api.yaml").unlink()
    before = bench["shop/web"].versions[1].signature[:8]
    result = against(bench, folder)
    after = result.stdout.split(f"({before} -> ")[1][:8]
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "shop/api    pruned   api.yaml",
        "  users      get no answer any more",
        "",
        "shop/extra  added    extra.yaml",
        "  weights    1:0 (declared 1:1)",
        "  waits for  v1: ConfigMap shop/extra-1 is not among the manifests; "
        "there is ConfigMap shop/extra-0 in live.yaml:21",
        "",
        "shop/web    changed  web.yaml",
        "  weights    1:1 -> 3:1",
        "  users      25.0% move",
        f"  v1         new content: metrics start anew ({before} -> {after})",
        "",
        "1 routemap changes, 1 is added, 1 is pruned",
    ]


def test_targeting_is_told_and_what_cannot_be_told_of_it(bench: Bench, folder: Path) -> None:
    held, rules = "{holdout: 20%", ", rules: [{name: staff, when: {group: staff}, version: v1}]"
    for assignment, users in (
        (f"{held}}}", "10.0% move"),
        (
            f"{held}{rules}}}",
            "10.0% move, besides those whom rules or overrides mean: how many these are cannot be told",
        ),
    ):
        write(folder, {"web": f"{TREE['web']}  assignment: {assignment}\n"})
        said = against(bench, folder).stdout
        assert "  targeting  holdout 0% -> 20%\n" in said
        assert f"  users      {users}\n" in said
        assert ("             rule staff is new\n" in said) is (rules in assignment)


def test_a_ramp_on_its_way_is_no_difference_and_a_change_of_it_is_told(
    bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ramp = "  ramp: [{weight: 5, hold: 10m}, {weight: 50}]\n"
    bench.commit(**{**TREE, "web": f"{TREE['web']}{ramp}"})
    bench.wait(600)
    write(folder, {"web": f"{TREE['web']}{ramp}"})
    serve(monkeypatch, bench)
    for present in (("--state-dir", bench.state.root), ("--server", "http://board")):
        same = diff(folder, *present)
        assert (same.exit_code, same.stdout) == (0, "no differences: 2 routemaps stay as they are\n")
    write(folder, {"web": f"{TREE['web']}{ramp.replace('10m', '1h')}  promotion: {{mode: commit, requires: []}}\n"})
    for present in (("--state-dir", bench.state.root), ("--server", "http://board")):
        edited = diff(folder, *present)
        assert edited.exit_code == 1
        assert "ramp 5% for 10m, 50% -> 5% for 1h, 50%\n" in edited.stdout
        assert "promotion by a person -> commit after 24h\n" in edited.stdout
        assert "weights" not in edited.stdout


def test_the_fields_of_written_routes_are_compared(bench: Bench, folder: Path) -> None:
    write(
        folder,
        {
            "web": TREE["web"]
            .replace("- resources", "- weight: 5\n      resources")
            .replace("weight: 5", "weight: 1", 1)
        },
    )
    result = against(bench, folder)
    assert "route    Service shop/web changes\n             spec.weight: 1 -> 5\n" in result.stdout
    elsewhere = against(bench, folder, "--routes-dir", folder / "nowhere")
    assert "route    Service shop/web is added\n" in elsewhere.stdout


def test_json_holds_everything(bench: Bench, folder: Path) -> None:
    write(folder, {"web": WEIGHED})
    result = against(bench, folder, "-o", "json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["different"]) == (1, True)
    assert answer["summary"] == {"added": 0, "changed": 1, "pruned": 0, "unchanged": 1}
    api, web = answer["routemaps"]
    assert (api["application"], api["change"]) == ("shop/api", "unchanged")
    assert (web["movedShare"], web["before"]["weights"], web["after"]["weights"]) == (0.25, [1, 1], [3, 1])
    assert [version["metricsReset"] for version in web["versions"]] == [False, False]
    assert web["routes"][0]["object"] == {"group": "", "kind": "Service", "namespace": "shop", "name": "web"}
    assert str(bench.state.board) in answer["comparedWith"]


def test_a_broken_document_is_told_with_its_place_and_changes_nothing(bench: Bench, folder: Path) -> None:
    write(folder, {"web": TREE["web"].replace("versions", "version")})
    result = against(bench, folder)
    assert result.exit_code == 0
    assert "web.yaml:5:3: spec.version is an unknown key (did you mean `versions`?" in result.stderr
    write(folder, {"api": ROUTEMAP.format(name="api").replace("api-1", "api-0-new")})
    both = against(bench, folder)
    assert both.exit_code == 1
    assert "web.yaml:5:3: " in both.stderr
    assert "1 routemap changes, 1 stays as it is" in both.stdout


def test_a_routemap_that_stays_because_it_is_broken_says_so_when_its_objects_change(bench: Bench, folder: Path) -> None:
    write(folder, {"web": TREE["web"].replace("versions", "version"), "live": TREE["live"].replace("'1'", "'2'")})
    result = against(bench, folder)
    assert "shop/web  changed  web.yaml\n  stays  as it was last declared: its document is broken\n" in result.stdout


def test_nothing_is_written_next_to_the_board(bench: Bench, folder: Path) -> None:
    def contents() -> dict[Path, bytes]:
        files = (path for path in bench.state.root.rglob("*") if path.is_file())
        return {path: path.read_bytes() for path in files if not path.name.endswith("-shm")}  # what SQLite shares

    before = contents()
    write(folder, {"web": WEIGHED})
    assert against(bench, folder).exit_code == 1
    assert contents() == before


def test_a_commit_is_compared_as_it_is_in_its_repository(bench: Bench, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    first = repository.commit({f"{name}.yaml": text for name, text in TREE.items()})
    second = repository.commit({"web.yaml": WEIGHED})
    repository.close()
    assert against(bench, repository.path, "--branch", first).exit_code == 0
    result = against(bench, repository.path, "--branch", second)
    assert (result.exit_code, "weights  1:1 -> 3:1" in result.stdout) == (1, True)
    assert json.loads(against(bench, repository.path, "-o", "json").stdout)["revision"] == second


def test_objects_may_be_in_a_folder_of_their_own(bench: Bench, folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "objects", {"live": TREE["live"]})
    (folder / "live.yaml").unlink()
    assert against(bench, folder, "--cluster", tmp_path / "objects").exit_code == 0
    assert against(bench, folder, "--cluster", f"manifests:{tmp_path / 'objects'}").exit_code == 0
    forgotten = against(bench, folder)
    assert forgotten.exit_code == 1
    assert "note: nothing can be seen here of the objects that the board has seen" in forgotten.stderr


def test_without_a_server_everything_is_added(folder: Path) -> None:
    result = diff(folder, "--server", "none")
    assert result.exit_code == 1
    assert result.stdout.endswith("2 routemaps are added\n")
    assert "Service shop/web is added" in result.stdout


def serve(monkeypatch: pytest.MonkeyPatch, bench: Bench, *, gone: str = "") -> None:
    """Answer what the HTTP API answers of what `bench` has published."""
    snapshot = bench.snapshot
    reports = {name: RoutemapReport(state, "", {}) for name, state in sorted(snapshot.routemaps.items())}

    def get_json(server: str, path: str) -> Any:
        assert server == "http://board"
        _, _, name = path.partition("/v1/routemaps")
        if not name:
            return overview_view(
                Overview(BoardStatus(True, "the controller is silent", snapshot), tuple(reports.values()))
            )
        if name == f"/{gone}":
            raise NotFoundError("name", "no application")
        return routemap_view(reports[name.removeprefix("/")])

    monkeypatch.setattr(import_module("iter8_gitops.cli.diff.present"), "get_json", get_json)


def test_a_server_shows_the_present_state(bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, bench)
    same = diff(folder, "--server", "http://board")
    assert (same.exit_code, same.stdout) == (0, "no differences: 2 routemaps stay as they are\n")
    assert same.stderr == "note: the present state may be out of date: the controller is silent\n"
    write(folder, {"web": WEIGHED})
    result = diff(folder, "--server", "http://board")
    assert result.exit_code == 1
    assert "weights  1:1 -> 3:1\n" in result.stdout
    assert "Service shop/web is not compared: what is there now is not known here" in result.stdout


def test_the_routes_directory_of_a_server_can_be_named(
    bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, bench)
    (bench.state.routes / "shop" / "web" / "route.yaml").write_text("# spoiled by hand\n", encoding="utf-8")
    result = diff(folder, "--server", "http://board", "--routes-dir", bench.state.routes)
    assert (result.exit_code, "Service shop/web is added" in result.stdout) == (1, True)


def test_a_routemap_that_goes_meanwhile_is_no_error(
    bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, bench, gone="shop/api")
    result = diff(folder, "--server", "http://board")
    assert (result.exit_code, "shop/api  added" in result.stdout) == (1, True)


def test_another_server_is_told_as_such(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("iter8_gitops.cli.diff.present"), "get_json", lambda server, path: [])
    result = diff(folder, "--server", "http://other")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "http://other does not answer as iter8-gitops does" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["TREE", "--server", "http://127.0.0.1:1"], "cannot reach http://127.0.0.1:1"),
        (["nowhere", "--server", "none"], "nowhere does not exist"),
        (["--server", "none"], "give PATH|URL"),
        (["TREE", "--state-dir", "nowhere"], "board.db does not exist"),
        (["TREE", "--server", "http://x", "--state-dir", "nowhere"], "give one of them"),
        (["TREE", "--server", "none", "--branch", "main"], "is not in a Git repository"),
        (["TREE", "--server", "none", "--cluster", "openshift"], "--cluster 'openshift' is not known"),
        (["TREE", "--server", "none", "--scope", "namespace"], "add --cluster kubernetes"),
        (["TREE", "--server", "none", "--cluster", "manifests:nowhere"], "cannot read directory"),
        (["https://127.0.0.1:1/x.git", "--server", "none"], "cannot fetch"),
    ],
)
def test_what_cannot_be_told_is_exit_code_2(folder: Path, arguments: list[str], said: str) -> None:
    result = diff(*(str(folder) if each == "TREE" else each for each in arguments))
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_defect_is_not_taken_for_a_difference(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(import_module("iter8_gitops.runtime.foresight.wiring"), "foresee", broken)
    result = diff(folder, "--server", "none")
    assert (result.exit_code, "a defect" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "nobody moves"), (0.0004, "less than 0.1% move"), (0.4, "40.0% move"), (1.0, "everybody moves")],
)
def test_shares_of_users_are_told_in_words(share: float, said: str) -> None:
    assert moved_sentence(share) == said


def edited(before: str, after: str) -> list[str]:
    """What is said of the second version when the routemap changes from `before` to `after`."""
    found = published_by(before), published_by(after)
    return content_sentences(compare(*found, ()).versions[1])


def published_by(text: str) -> RoutemapState:
    (file,) = decode_file(SourceFile("web.yaml", "1", text.encode()), KINDS).routemaps
    declared = Declared(file.routemap, Origin("routemaps", "web.yaml", "rev"), 1)
    return preview(declared, PLUGINS, KINDS).state


API = ROUTEMAP.format(name="api")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (API, API, []),
        (API, API.replace("api-1", "api-2"), ["consists of ConfigMap shop/api-2 instead of ConfigMap shop/api-1"]),
        (
            API,
            API.replace("name: api-1}", "name: api-1}, {gvrShort: svc, name: api}"),
            ["consists of Service shop/api, too", "new content: metrics start anew (OLD -> NEW)"],
        ),
        (
            API,
            "    - name: blue\n      resources".join(API.rsplit("    - resources", 1)),
            ["was called v1"],
        ),
        (
            API,
            "    - progressDeadline: 1m\n      resources".join(API.rsplit("    - resources", 1)),
            ["may be on its way for 1m instead of 10m"],
        ),
        (API, API.rpartition("    - resources")[0], ["is removed, and its metrics no longer count"]),
        (API.rpartition("    - resources")[0], API, ["is new: ConfigMap shop/api-1"]),
    ],
)
def test_what_becomes_of_a_version_is_told_in_words(before: str, after: str, said: list[str]) -> None:
    found = [re.sub(r"[0-9a-f]{8} -> [0-9a-f]{8}", "OLD -> NEW", sentence) for sentence in edited(before, after)]
    assert found == said


def test_the_output_on_the_page_is_what_is_printed(tmp_path: Path) -> None:
    page = (TOP / "docs" / "previewing.md").read_text(encoding="utf-8")
    files = {p.relative_to(TOP / "examples").with_suffix("").as_posix(): p.read_text() for p in EXAMPLES}
    bench = Bench(tmp_path)
    bench.commit(**files)
    checkout, shop = files["routemaps/checkout"], files["cluster/shop"]
    files["routemaps/checkout"] = checkout.replace("weight: 90", "weight: 50").replace("weight: 10", "weight: 50")
    files["cluster/shop"] = shop.replace("4.0.0-rc1", "4.0.0-rc2")
    for name, text in files.items():
        path = tmp_path / "new" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    result = against(bench, tmp_path / "new")
    bench.close()
    shown = page.split("$ iter8-gitops diff ", 1)[1].split("\n", 1)[1].split("```")[0]
    assert result.stdout == shown
