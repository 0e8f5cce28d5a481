"""The objects of a tree that stands for a cluster, where a broken file keeps what it held."""

from __future__ import annotations

from collections.abc import Mapping

from iter8_gitops.core.desired import DecodedChanges
from iter8_gitops.core.standing import Objects, StandingObjects
from iter8_gitops.spec.files import DecodedResource, FileContents
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import Resource
from tests.core.builders import deployment, file

BROKEN = Problem("shop.yaml", 3, 5, "a colon is missing")
BAD = FileContents(problems=(BROKEN,), unreadable=True)
FOREIGN = FileContents(unreadable=True, unreadable_problems=(BROKEN,))


def stored(name: str, image: str = "1") -> DecodedResource:
    return DecodedResource(Resource(deployment(name), {"spec": image}), True, True, 1)


def holding(*objects: DecodedResource) -> FileContents:
    return FileContents(resources=objects)


def take(standing: StandingObjects, changed: Mapping[str, FileContents], *removed: str) -> Mapping[str, Objects]:
    return standing.take(DecodedChanges("live", "rev", changed, frozenset(removed)))


def standing_on(files: Mapping[str, FileContents]) -> StandingObjects:
    standing = StandingObjects({})
    take(standing, files)
    return standing


def test_objects_of_a_broken_file_stand_as_they_last_did() -> None:
    standing = standing_on({"a.yaml": holding(stored("web"), stored("api")), "gone.yaml": holding(stored("old"))})
    broken = FileContents(resources=(stored("web", "2"),), problems=(BROKEN,), unreadable=True)
    take(standing, {"a.yaml": broken, "b.yaml": FileContents()}, "gone.yaml")
    assert standing.objects == {"a.yaml": (stored("web", "2"), stored("api")), "b.yaml": ()}
    assert standing.held.keys() == {"a.yaml"}


def test_a_folder_that_cannot_be_read_keeps_the_objects_below_it() -> None:
    web = holding(stored("web"))
    standing = standing_on({"shop/eu/live.yaml": web, "shopping/live.yaml": holding(stored("api"))})
    refused = FileContents(problems=(Problem("shop", 0, 0, "the symbolic link leads nowhere"),), unreadable=True)
    take(standing, {"shop": refused, "api.yaml": file()}, "shop/eu/live.yaml")
    kept = {"shop/eu/live.yaml": web.resources, "shopping/live.yaml": (stored("api"),)}
    assert standing.objects == {"shop": (), "api.yaml": (), **kept}
    take(standing, {"shop/eu/live.yaml": web}, "shop")
    assert standing.objects == {"api.yaml": (), **kept}
    assert standing.held == {}


def test_a_file_that_is_renamed_and_broken_keeps_its_objects_until_it_is_mended() -> None:
    web = holding(stored("web"))
    standing = standing_on({"old.yaml": web})
    take(standing, {"chart.yaml": FOREIGN, "new.yaml": BAD}, "old.yaml")
    assert standing.objects == {"chart.yaml": (), "new.yaml": web.resources}
    assert standing.held["new.yaml"] == web.resources
    take(standing, {"b.yaml": FileContents()}, "chart.yaml")
    assert standing.objects["new.yaml"] == web.resources
    take(standing, {"new.yaml": FileContents()})
    assert standing.objects == {"new.yaml": (), "b.yaml": ()}


def test_what_was_held_before_a_restart_stands_until_its_file_is_mended_or_gone() -> None:
    standing = StandingObjects({"a.yaml": (stored("web"),), "gone.yaml": (stored("old"),)})
    take(standing, {"a.yaml": BAD})
    assert standing.objects == {"a.yaml": (stored("web"),)}
    take(standing, {"a.yaml": holding()})
    assert standing.objects == {"a.yaml": ()}


def test_a_deletion_beside_a_file_that_was_broken_before_is_a_deletion() -> None:
    standing = standing_on({"bad.yaml": BAD, "live.yaml": holding(stored("web"))})
    assert take(standing, {}, "live.yaml") == {"live.yaml": ()}
    assert standing.objects == {"bad.yaml": ()}


def test_only_what_changed_is_told() -> None:
    standing = standing_on({"a.yaml": holding(stored("web")), "b.yaml": holding(stored("api"))})
    after = holding(stored("web", "2"))
    assert take(standing, {"a.yaml": after}) == {"a.yaml": after.resources}
