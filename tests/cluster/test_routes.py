"""Route files in a folder where anything else may be, too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.cluster.routes import RouteFolder, _safe
from iter8_gitops.spec.routemap import RenderedRoute

MakeRoute = Callable[..., RenderedRoute]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "routes"


@pytest.fixture
def folder(output: Path) -> RouteFolder:
    return RouteFolder(output)


def test_a_route_file_says_who_wrote_it_and_for_which_application(
    folder: RouteFolder, output: Path, route: MakeRoute
) -> None:
    assert folder.apply("shop/web", [route("http", "kind: HTTPRoute\n")]) == ()
    first, rest = (output / "shop" / "web" / "http.yaml").read_text().split("\n", 1)
    assert first == "# Written by iter8-gitops for the routemap shop/web. Do not edit: changes are overwritten."
    assert rest == "kind: HTTPRoute\n"


def test_edits_by_hand_are_put_right(folder: RouteFolder, output: Path, route: MakeRoute) -> None:
    folder.apply("shop/web", [route()])
    path = output / "shop" / "web" / "http.yaml"
    right = path.read_text()
    path.write_text(right + "edited: true\n")
    folder.apply("shop/web", [route()])
    assert path.read_text() == right


def test_emptied_folders_go_away_but_the_output_folder_stays(
    folder: RouteFolder, output: Path, route: MakeRoute
) -> None:
    folder.apply("shop/web", [route()])
    folder.apply("shop/web", [])
    assert list(output.iterdir()) == []


def test_a_foreign_file_in_the_way_is_a_problem_and_stays(folder: RouteFolder, output: Path, route: MakeRoute) -> None:
    path = output / "shop" / "web" / "http.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("mine: true\n")
    (problem,) = folder.apply("shop/web", [route("http"), route("other")])
    assert problem.application == "shop/web"
    assert str(path) in problem.message
    assert "did not write" in problem.message
    assert path.read_text() == "mine: true\n"
    assert (path.parent / "other.yaml").is_file()


def test_foreign_files_and_folders_survive_pruning(folder: RouteFolder, output: Path, route: MakeRoute) -> None:
    folder.apply("shop/web", [route()])
    foreign = output / "shop" / "web" / "kustomization.yaml"
    foreign.write_text("resources: [http.yaml]\n")
    (output / ".git" / "refs").mkdir(parents=True)
    (output / "README.md").write_text("routes\n")
    assert folder.prune([]) == ()
    left = sorted(str(path.relative_to(output)) for path in output.rglob("*"))
    assert left == [".git", ".git/refs", "README.md", "shop", "shop/web", "shop/web/kustomization.yaml"]


@pytest.mark.parametrize("link", ["shop", "shop/web"])
def test_a_linked_folder_is_not_followed(
    folder: RouteFolder, output: Path, tmp_path: Path, route: MakeRoute, link: str
) -> None:
    outside = tmp_path / "outside"
    RouteFolder(outside).apply("shop/web", [route("old")])
    target = outside / link
    (output / link).parent.mkdir(parents=True)
    (output / link).symlink_to(target, target_is_directory=True)
    (problem,) = folder.apply("shop/web", [route("new")])
    assert "symbolic link" in problem.message
    assert folder.prune([]) == ()
    assert [path.name for path in (outside / "shop" / "web").iterdir()] == ["old.yaml"]


@pytest.mark.parametrize("dangling", [True, False])
def test_a_linked_file_is_not_followed(
    folder: RouteFolder, output: Path, tmp_path: Path, route: MakeRoute, dangling: bool
) -> None:
    folder.apply("shop/web", [route("old")])
    outside = tmp_path / "outside.yaml"
    if not dangling:
        outside.write_bytes((output / "shop" / "web" / "old.yaml").read_bytes())
    link = output / "shop" / "web" / "http.yaml"
    link.symlink_to(outside)
    assert len(folder.apply("shop/web", [route("http", "new: 1\n")])) == 1
    folder.prune([])
    assert link.is_symlink()
    assert outside.exists() is not dangling


def test_a_linked_temporary_file_is_not_written_through(
    folder: RouteFolder, output: Path, tmp_path: Path, route: MakeRoute
) -> None:
    outside = tmp_path / "outside"
    (output / "shop" / "web").mkdir(parents=True)
    (output / "shop" / "web" / ".iter8-gitops.tmp").symlink_to(outside)
    assert folder.apply("shop/web", [route()]) == ()
    assert not outside.exists()


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_anything_that_is_no_file_in_the_way_is_a_problem(
    folder: RouteFolder, output: Path, route: MakeRoute, kind: str
) -> None:
    path = output / "shop" / "web" / "http.yaml"
    path.parent.mkdir(parents=True)
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    assert len(folder.apply("shop/web", [route()])) == 1
    assert folder.apply("shop/web", []) == ()
    assert path.exists()


@pytest.mark.parametrize("in_the_way", ["", "shop", "shop/web"])
def test_a_file_where_a_folder_should_be_is_a_problem(
    folder: RouteFolder, output: Path, route: MakeRoute, in_the_way: str
) -> None:
    (output / in_the_way).parent.mkdir(parents=True)
    (output / in_the_way).write_text("in the way")
    (problem,) = folder.apply("shop/web", [route()])
    assert "could not be written" in problem.message
    assert folder.prune([]) == ()


def test_a_folder_that_cannot_be_written_is_a_problem(
    folder: RouteFolder, output: Path, route: MakeRoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.apply("shop/web", [route("old")])

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Patched, because the tests may run as root, whom no permission stops.
    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    problems = folder.apply("shop/web", [route("new")])
    assert len(problems) == 2
    assert all(problem.message.endswith("Permission denied") for problem in problems)
    assert [problem.message.endswith("Permission denied") for problem in folder.prune([])] == [True]
    assert (output / "shop" / "web" / "old.yaml").exists()


def test_a_text_that_is_not_unicode_is_a_problem_and_leaves_no_trace(
    folder: RouteFolder, output: Path, route: MakeRoute
) -> None:
    (problem,) = folder.apply("shop/web", [route("http", "bad: \udce9\n")])
    assert "surrogates" in problem.message
    assert list(output.rglob("*.yaml")) == []


def test_what_an_interrupted_write_left_is_cleaned_up(folder: RouteFolder, output: Path, route: MakeRoute) -> None:
    folder.apply("shop/web", [route()])
    (output / "shop" / "web" / ".iter8-gitops.tmp").write_text("half a rou")
    assert folder.prune([]) == ()
    assert list(output.iterdir()) == []


@pytest.mark.parametrize(
    "template",
    ["../../escape", "/etc/passwd", "..", ".", "", ".hidden", "a/b", "a\0b", "ü", "\udce9", "x" * 999, "a\nb"],
)
def test_any_template_name_becomes_one_file_in_its_folder(
    folder: RouteFolder, output: Path, tmp_path: Path, route: MakeRoute, template: str
) -> None:
    assert folder.apply("shop/web", [route(template)]) == ()
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert path.parent == output / "shop" / "web"
    assert not path.name.startswith(".")
    assert folder.apply("shop/web", []) == ()
    assert not path.exists()


@pytest.mark.parametrize("application", ["../..", "../../etc", "a\nkind: Secret/b", "/", "plain", "a/b/c"])
def test_no_application_name_leaves_the_output_folder(
    folder: RouteFolder, output: Path, tmp_path: Path, route: MakeRoute, application: str
) -> None:
    assert folder.apply(application, [route(text="kind: HTTPRoute\n")]) == ()
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert path.parent.parent.parent == output
    assert path.read_text().splitlines()[1:] == ["kind: HTTPRoute"]
    assert folder.prune([application]) == ()
    assert path.exists()


@given(st.text(st.characters(), max_size=300), st.text(st.characters(), max_size=300))
def test_different_names_stay_different_and_fit_into_a_folder(one: str, other: str) -> None:
    safe = _safe(one)
    assert (safe == _safe(other)) == (one == other)
    assert 0 < len(safe.encode()) <= 230
    assert not {"/", "\0"} & set(safe)
    assert not safe.startswith(".")
