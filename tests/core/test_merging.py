"""Whatever comes in, in whatever order: what is kept up to date is what whole trees would give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.desired import Declared, DecodedChanges, DecodedTree
from iter8_gitops.core.merging import Merged
from iter8_gitops.core.standing import Objects, StandingObjects
from iter8_gitops.spec.files import DecodedResource, DecodedRoutemap, FileContents
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import Resource
from iter8_gitops.spec.routemap import Origin
from tests.core import whole_trees
from tests.core.builders import deployment, file, routemap, tree, version

Files: TypeAlias = dict[str, FileContents]

APPLICATIONS = ("web", "api", "pay")
PATHS = ("a.yaml", "b.yaml", "shop", "shop/a.yaml", "shop/eu", "shop/eu/a.yaml")
SOURCES = ("git", "configmaps", "other")

_routemaps = st.builds(
    lambda name, image: routemap(version("v0", image), name=name), st.sampled_from(APPLICATIONS), st.sampled_from("12")
)
_objects = st.builds(
    lambda name, image: DecodedResource(Resource(deployment(name), {"spec": image}), True, True, 1),
    st.sampled_from(APPLICATIONS),
    st.sampled_from("12"),
)
_problems = st.builds(
    lambda line, application: Problem("here", line, 1, "wrong", application=application),
    st.integers(1, 3),
    st.sampled_from([None, *(f"shop/{name}" for name in APPLICATIONS)]),
)


def _tuples(of: st.SearchStrategy[object], most: int = 2) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=most).map(tuple)


_contents = st.builds(
    FileContents,
    routemaps=_tuples(st.builds(DecodedRoutemap, _routemaps, st.integers(1, 2)), 3),
    resources=_tuples(_objects),
    problems=_tuples(_problems),
    broken=st.frozensets(st.sampled_from([f"shop/{name}" for name in APPLICATIONS]), max_size=1),
    unreadable=st.booleans(),
    unreadable_problems=_tuples(_problems, 1),
)
_pool = st.lists(_contents, min_size=1, max_size=6)
_saved = st.dictionaries(
    st.sampled_from(APPLICATIONS),
    st.tuples(_routemaps, st.sampled_from((*SOURCES, "gone")), st.sampled_from(PATHS), st.integers(1, 2)),
)


def _in_order(files: Mapping[str, FileContents]) -> Files:
    return dict(sorted(files.items()))


def _changes(before: DecodedTree | None, after: DecodedTree) -> DecodedChanges:
    were = before.files if before is not None else {}
    changed = {path: contents for path, contents in after.files.items() if were.get(path) is not contents}
    return DecodedChanges(after.source, after.revision, changed, frozenset(were.keys() - after.files.keys()))


@given(st.data())
def test_after_any_commits_what_is_in_force_is_what_whole_trees_give(data: st.DataObject) -> None:
    pool = data.draw(_pool)
    some_files = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(pool)).map(_in_order)
    saved = {
        f"shop/{name}": Declared(replace(each, name=name), Origin(source, path, "rev0"), line)
        for name, (each, source, path, line) in data.draw(_saved).items()
    }
    merged = Merged(SOURCES, saved)
    trees: dict[str, DecodedTree] = {}
    expected: Mapping[str, Declared] = saved
    for number in range(data.draw(st.integers(1, 6))):
        news = []
        for source in data.draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=2, unique=True)):
            after = tree(data.draw(some_files), f"rev{number}", source)
            news.append(_changes(trees.get(source), after))
            trees[source] = after
        revised = merged.take(news)
        before = expected
        whole = whole_trees.desired([trees[source] for source in SOURCES if source in trees], before)
        expected = whole.declared
        assert merged.declared == whole.declared
        assert merged.problems == whole.problems
        assert revised.changed == {app: each for app, each in expected.items() if before.get(app) != each}
        assert revised.removed == before.keys() - expected.keys()


@given(st.data())
def test_after_any_commits_the_objects_that_stand_are_those_of_whole_trees(data: st.DataObject) -> None:
    pool = data.draw(_pool)
    some_files = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(pool)).map(_in_order)
    expected: Mapping[str, Objects] = data.draw(
        st.dictionaries(st.sampled_from(PATHS), st.lists(_objects, min_size=1, max_size=2).map(tuple), max_size=2)
    )
    standing = StandingObjects(expected)
    told: dict[str, Objects] = dict(expected)
    last: DecodedTree | None = None
    for number in range(data.draw(st.integers(1, 5))):
        after = tree(data.draw(some_files), f"rev{number}")
        told |= standing.take(_changes(last, after))
        last = after
        expected = whole_trees.standing_resources(after, expected)
        assert standing.objects == expected
        assert standing.held == whole_trees.held_resources(after, expected)
        assert {path: objects for path, objects in told.items() if objects} == {
            path: objects for path, objects in expected.items() if objects
        }


def test_a_commit_changes_nothing_of_what_it_does_not_touch() -> None:
    merged = Merged(["git"], {})
    files = {"a.yaml": file(routemap(name="web")), "b.yaml": file(routemap(name="api"))}
    merged.take([_changes(None, tree(files, "rev1"))])
    before = merged.declared["shop/api"]
    changed = {**files, "a.yaml": file(routemap(version("v9"), name="web"))}
    revised = merged.take([_changes(tree(files, "rev1"), tree(changed, "rev2"))])
    assert revised.changed.keys() == {"shop/web"}
    assert merged.declared["shop/api"] is before
