from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.cluster.kubernetes.route_memory import UNSEEN_SECONDS, RouteMemory
from iter8_gitops.cluster.kubernetes.routes import Mark, RouteObject, RouteShapeError, fingerprint, is_older
from iter8_gitops.contracts.cluster import Owner
from iter8_gitops.spec.resource import ResourceId
from tests.cluster.kubernetes.applying import rendered, route

MARK = Mark("shop/web", "main")
OBJECT = ResourceId("", "ConfigMap", "shop", "r")


def _manifest(
    body: dict[str, Any], *, owner: Owner | None = None, created: bool = False, namespaced: bool = True
) -> Any:
    wish = RouteObject(rendered(body), MARK, "me", owner)
    return wish.manifest(namespaced=namespaced, created=created)


def _body(**metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "r", "namespace": "shop", **metadata}}


def _live(version: str = "5", uid: str = "u", **data: str) -> dict[str, Any]:
    metadata = {"name": "r", "namespace": "shop", "uid": uid, "resourceVersion": version}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


@pytest.mark.parametrize("text", [None, 5, "", "a/b", "a//c", "/b/c"])
def test_what_is_no_mark_is_none(text: object) -> None:
    assert Mark.parse(text) is None


def test_a_template_may_have_slashes_in_its_name() -> None:
    mark = Mark("shop/web", "a/b")
    assert Mark.parse(str(mark)) == mark


def test_what_a_template_copied_from_a_live_object_is_left_out() -> None:
    body = _body(uid="u", resourceVersion="1", managedFields=[], creationTimestamp="x", generation=3, labels={"a": "b"})
    manifest = _manifest(body | {"status": {"x": 1}})
    assert "status" not in manifest
    assert set(manifest["metadata"]) == {"name", "namespace", "labels", "annotations"}
    assert manifest["metadata"]["labels"] == {"a": "b", "iter8.tools/instance": "me"}


def test_marks_that_a_template_renders_do_not_count() -> None:
    annotations = {"iter8.tools/created": "true", "iter8.tools/route": "x/y/z", "mine": "kept"}
    manifest = _manifest(_body(annotations=annotations, labels={"iter8.tools/instance": "other"}))
    assert manifest["metadata"]["annotations"] == {"iter8.tools/route": "shop/web/main", "mine": "kept"}
    assert manifest["metadata"]["labels"] == {"iter8.tools/instance": "me"}


def test_an_owner_is_added_to_those_that_the_template_renders() -> None:
    theirs = {"apiVersion": "v1", "kind": "Secret", "name": "s", "uid": "t"}
    manifest = _manifest(_body(ownerReferences=[theirs]), owner=Owner("shop", "map", "u"), created=True)
    assert [each["uid"] for each in manifest["metadata"]["ownerReferences"]] == ["t", "u"]


def test_there_is_no_owner_across_namespaces() -> None:
    assert "ownerReferences" not in _manifest(_body(), owner=Owner("other", "map", "u"), created=True)["metadata"]
    namespaced = _manifest(_body(), owner=Owner("shop", "map", "u"), created=True, namespaced=False)
    assert "ownerReferences" not in namespaced["metadata"]
    assert "namespace" not in namespaced["metadata"]


def test_what_was_there_before_gets_no_owner_that_would_take_it_along() -> None:
    assert "ownerReferences" not in _manifest(_body(), owner=Owner("shop", "map", "u"))["metadata"]


def test_metadata_may_be_empty_but_not_of_another_sort() -> None:
    assert _manifest(_body(labels=None))["metadata"]["labels"] == {"iter8.tools/instance": "me"}
    with pytest.raises(RouteShapeError, match=r"metadata\.annotations"):
        _manifest(_body(annotations="text"))
    with pytest.raises(RouteShapeError, match=r"metadata\.ownerReferences"):
        _manifest(_body(ownerReferences=5), owner=Owner("shop", "map", "u"), created=True)


def test_the_digest_depends_on_all_that_is_applied() -> None:
    wishes = [
        RouteObject(route("shop", "r"), MARK, "me", None),
        RouteObject(route("shop", "r", {"a": "1"}), MARK, "me", None),
        RouteObject(route("shop", "r"), Mark("shop/web", "other"), "me", None),
        RouteObject(route("shop", "r"), MARK, "you", None),
        RouteObject(route("shop", "r"), MARK, "me", Owner("shop", "map", "u")),
    ]
    assert len({wish.digest for wish in wishes}) == len(wishes)
    assert RouteObject(route("shop", "r"), MARK, "me", None).digest == wishes[0].digest


def test_bookkeeping_and_status_do_not_change_the_fingerprint() -> None:
    live = _live(a="1")
    same = _live(version="6", a="1") | {"status": {"x": 1}}
    same["metadata"] |= {"managedFields": [1], "generation": 4}
    assert fingerprint(live) == fingerprint(same)
    assert fingerprint(live) != fingerprint(_live(a="2"))
    assert fingerprint(live) != fingerprint(_live(uid="v", a="1"))


def test_only_numbers_tell_which_version_is_older() -> None:
    assert is_older(_live("5"), "10")
    assert not is_older(_live("10"), "5")
    assert not is_older(_live("x"), "5")


def test_memory_knows_its_own_work_again() -> None:
    memory = RouteMemory()
    memory.note(OBJECT, "d", _live("7", a="1"), 100)
    assert memory.is_right(OBJECT, "d", _live("7", a="1"), watched=True, now=500)
    assert memory.is_right(OBJECT, "d", _live("9", a="1"), watched=True, now=500)
    assert not memory.is_right(OBJECT, "d", _live("9", a="2"), watched=True, now=500)
    assert not memory.is_right(OBJECT, "e", _live("7", a="1"), watched=True, now=500)


def test_what_the_watch_showed_before_our_apply_does_not_count() -> None:
    memory = RouteMemory()
    memory.note(OBJECT, "d", _live("7", a="1"), 100)
    assert memory.is_right(OBJECT, "d", _live("6", a="0"), watched=True, now=101)


def test_what_the_watch_never_shows_is_looked_for() -> None:
    memory = RouteMemory()
    memory.note(OBJECT, "d", _live("7", a="1"), 100)
    assert memory.is_right(OBJECT, "d", None, watched=True, now=101)
    assert not memory.is_right(OBJECT, "d", None, watched=True, now=101 + UNSEEN_SECONDS)
    assert memory.is_right(OBJECT, "d", None, watched=False, now=101 + UNSEEN_SECONDS)


def test_an_object_that_went_is_to_be_repaired() -> None:
    memory = RouteMemory()
    memory.note(OBJECT, "d", _live("7", a="1"), 100)
    memory.gone(OBJECT)
    assert not memory.is_right(OBJECT, "d", None, watched=True, now=101)
    assert memory.is_repair(OBJECT, "d")
    memory.forget(OBJECT)
    assert not memory.is_repair(OBJECT, "d")
