"""What is wanted: the union of all sources, in which nothing broken takes anything away."""

from __future__ import annotations

from dataclasses import replace

from iter8_gitops.core.desired import by_application
from iter8_gitops.core.merging import desired
from iter8_gitops.spec.files import FileContents
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.routemap import Origin
from tests.core.builders import declared, file, routemap, tree, version

WEB, API = routemap(name="web"), routemap(name="api")
BROKEN = Problem("shop.yaml", 3, 5, "a colon is missing")


def test_the_routemaps_of_every_file_are_wanted_with_their_origin() -> None:
    wanted = desired([tree({"a.yaml": file(WEB), "b.yaml": file(API)})], {})
    assert wanted.declared == {
        "shop/web": declared(WEB, Origin("git", "a.yaml", "rev1")),
        "shop/api": declared(API, Origin("git", "b.yaml", "rev1")),
    }
    assert wanted.problems == {"git": ()}


def test_a_routemap_that_is_no_longer_declared_is_no_longer_wanted() -> None:
    before = desired([tree({"a.yaml": file(WEB, API)})], {}).declared
    assert set(desired([tree({"a.yaml": file(API)}, "rev2")], before).declared) == {"shop/api"}
    assert desired([tree({}, "rev3")], before).declared == {}


def test_a_broken_document_leaves_its_last_good_version_in_force_and_others_updating() -> None:
    before = desired([tree({"web.yaml": file(WEB), "api.yaml": file(API)})], {}).declared
    changed = routemap(version("v0"), name="api")
    broken = file(problems=(replace(BROKEN, application="shop/web"),), broken=frozenset({"shop/web"}))
    wanted = desired([tree({"web.yaml": broken, "api.yaml": file(changed)}, "rev2")], before)
    assert wanted.declared["shop/web"] == before["shop/web"]
    assert wanted.declared["shop/api"].routemap == changed
    assert wanted.declared["shop/api"].origin.revision == "rev2"
    assert by_application(wanted.problems["git"]) == {"shop/web": (replace(BROKEN, application="shop/web"),)}


def test_a_file_that_cannot_be_read_holds_back_all_routemaps_that_came_from_it() -> None:
    before = desired([tree({"shop.yaml": file(WEB, API)})], {}).declared
    unreadable = FileContents(problems=(BROKEN,), unreadable=True)
    wanted = desired([tree({"shop.yaml": unreadable}, "rev2")], before)
    assert wanted.declared == before
    assert set(by_application(wanted.problems["git"])) == {"shop/web", "shop/api"}


def test_an_unreadable_file_that_is_not_ours_is_no_problem_unless_routemaps_came_from_it() -> None:
    foreign = FileContents(unreadable=True, unreadable_problems=(BROKEN,))
    assert desired([tree({"chart.yaml": foreign})], {}).problems == {"git": ()}
    before = desired([tree({"shop.yaml": file(WEB)})], {}).declared
    wanted = desired([tree({"shop.yaml": foreign}, "rev2")], before)
    assert wanted.declared == before
    assert wanted.problems["git"] == (replace(BROKEN, application="shop/web"),)


def test_a_routemap_that_moves_out_of_a_broken_file_is_taken_from_its_new_place() -> None:
    before = desired([tree({"shop.yaml": file(WEB)})], {}).declared
    trees = [tree({"new.yaml": file(API, WEB), "shop.yaml": FileContents(problems=(BROKEN,), unreadable=True)}, "rev2")]
    assert desired(trees, before).declared["shop/web"].origin == Origin("git", "new.yaml", "rev2")


def test_a_routemap_that_is_broken_in_its_new_place_keeps_its_last_good_version() -> None:
    before = desired([tree({"old.yaml": file(WEB)})], {}).declared
    broken = file(problems=(replace(BROKEN, application="shop/web"),), broken=frozenset({"shop/web"}))
    assert desired([tree({"new.yaml": broken}, "rev2")], before).declared == before


def test_a_routemap_that_is_declared_twice_is_a_problem_that_names_both_and_the_first_stays() -> None:
    other = routemap(version("v0", "other"), name="web")
    wanted = desired([tree({"a.yaml": file(WEB), "b.yaml": file(API, other)})], {})
    assert wanted.declared["shop/web"].routemap == WEB
    (problem,) = wanted.problems["git"]
    assert (problem.file, problem.line, problem.application) == ("b.yaml", 2, "shop/web")
    assert "a.yaml:1" in problem.message


def test_the_one_in_force_stays_when_an_earlier_path_declares_it_too() -> None:
    before = desired([tree({"b.yaml": file(WEB)})], {}).declared
    other = routemap(version("v0", "other"), name="web")
    wanted = desired([tree({"a.yaml": file(other), "b.yaml": file(WEB)}, "rev2")], before)
    assert wanted.declared["shop/web"] == before["shop/web"]
    assert wanted.problems["git"][0].file == "a.yaml"


def test_the_same_routemap_from_two_sources_is_a_problem_that_names_both() -> None:
    wanted = desired([tree({"a.yaml": file(WEB)}, source="one"), tree({"z.yaml": file(WEB)}, source="two")], {})
    assert wanted.declared["shop/web"].origin.source == "one"
    (problem,) = wanted.problems["two"]
    assert "source one" in problem.message


def test_a_source_that_has_not_delivered_yet_keeps_what_it_delivered_in_an_earlier_life() -> None:
    saved = {"shop/web": declared(WEB, Origin("git", "a.yaml", "rev0"))}
    assert desired([], saved).declared == saved
    assert desired([tree({}, source="other")], saved).declared == saved


def test_the_one_in_force_stays_while_only_another_source_has_delivered_since_the_restart() -> None:
    other = routemap(version("v0", "other"), name="web")
    first = tree({"configmap/shop/web": file(WEB)}, "7", "configmaps")
    second = tree({"a.yaml": file(other)})
    before = desired([first], {}).declared
    wanted = desired([second], before)
    assert wanted.declared == before
    (problem,) = wanted.problems["git"]
    assert (problem.file, problem.application) == ("a.yaml", "shop/web")
    assert desired([second, first], wanted.declared).declared == before
    gone = desired([second, tree({}, "8", "configmaps")], wanted.declared)
    assert gone.declared["shop/web"].routemap == other


def test_the_revision_is_the_one_at_which_the_routemap_last_changed() -> None:
    before = desired([tree({"a.yaml": file(WEB)}, "rev1")], {}).declared
    same = desired([tree({"a.yaml": file(WEB), "b.yaml": file(API)}, "rev2")], before).declared
    assert same["shop/web"].origin.revision == "rev1"
    assert same["shop/api"].origin.revision == "rev2"


def test_a_folder_that_cannot_be_read_keeps_the_routemaps_below_it() -> None:
    before = desired([tree({"shop/eu/web.yaml": file(WEB), "api.yaml": file(API)})], {}).declared
    refused = FileContents(problems=(Problem("shop", 0, 0, "the symbolic link leads nowhere"),), unreadable=True)
    now = tree({"shop": refused, "api.yaml": file(API)}, "rev2")
    wanted = desired([now], before)
    assert wanted.declared == before
    assert set(by_application(wanted.problems["git"])) == {"shop/web"}


def test_a_broken_document_does_not_give_its_routemap_to_another_source() -> None:
    other = routemap(version("v0", "other"), name="web")
    git = tree({"a.yaml": file(other)})
    before = desired([tree({"configmap/shop/web": file(WEB)}, "7", "configmaps"), git], {}).declared
    before = {**before, "shop/web": declared(WEB, Origin("configmaps", "configmap/shop/web", "7"))}
    broken = tree({"configmap/shop/web": file(problems=(BROKEN,), broken=frozenset({"shop/web"}))}, "8", "configmaps")
    wanted = desired([git, broken], before)
    assert wanted.declared["shop/web"].routemap == WEB
    assert [problem.file for problem in wanted.problems["git"]] == ["a.yaml"]
