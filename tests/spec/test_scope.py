"""A controller of one namespace refuses what reaches outside of it."""

from __future__ import annotations

import pytest

from iter8_gitops.spec.files import FileContents, decode_file
from iter8_gitops.spec.tree import SourceFile
from tests.spec.builders import KINDS, said, seed, told

SPEC = "spec:\n  versions:\n  - resources: [{gvrShort: svc, name: a}]\n"
NATIVE = "apiVersion: iter8.tools/v1\nkind: Routemap\nmetadata:\n  name: web\n"
MOVE = "(run the controller with --scope cluster, or move the routemap to `shop`)"
NAME = "(run the controller with --scope cluster, or name resources of `shop`)"


def decode(text: str, *, namespace: str | None = "shop", scope: str | None = "shop") -> FileContents:
    return decode_file(SourceFile("a.yaml", "digest", text.encode()), KINDS, namespace, scope)


def applications(contents: FileContents) -> list[str]:
    return [each.routemap.application for each in contents.routemaps]


@pytest.mark.parametrize("stated", ["", "  namespace: shop\n"])
def test_a_routemap_of_the_namespace_is_accepted(stated: str) -> None:
    resources = SPEC.replace("name: a", "name: a, namespace: shop")

    assert applications(decode(NATIVE + stated + resources)) == ["shop/web"]


def test_without_a_scope_any_namespace_is_accepted() -> None:
    resources = SPEC.replace("name: a", "name: a, namespace: prod")

    assert applications(decode(f"{NATIVE}  namespace: dev\n{resources}", scope=None)) == ["dev/web"]


def test_a_routemap_of_another_namespace_is_refused() -> None:
    found = decode(f"{NATIVE}  namespace: prod\n{SPEC}")

    assert told(found.problems) == [
        f"5:14: metadata.namespace is `prod`, outside of this controller's namespace `shop` {MOVE}"
    ]
    assert found.routemaps == ()
    assert found.broken == {"prod/web"}
    assert found.problems[0].application == "prod/web"


def test_a_namespace_that_is_not_stated_may_be_another_one() -> None:
    found = decode(NATIVE + SPEC, namespace="prod")

    assert told(found.problems) == [
        "4:3: metadata.namespace is not stated, so that it is `prod`, outside of this controller's namespace `shop` "
        + MOVE
    ]


def test_resources_of_another_namespace_are_refused_one_by_one() -> None:
    resources = (
        "spec:\n  versions:\n  - resources: [{gvrShort: svc, name: a, namespace: prod}, {gvrShort: cm, name: a}]\n"
        "  - resources: [{gvrShort: svc, name: b, namespace: dev}]\n"
    )

    found = decode(NATIVE + resources)

    assert told(found.problems) == [
        "7:53: spec.versions[0].resources[0].namespace is `prod`, "
        f"outside of this controller's namespace `shop` {NAME}",
        f"8:53: spec.versions[1].resources[0].namespace is `dev`, outside of this controller's namespace `shop` {NAME}",
    ]
    assert found.broken == {"shop/web"}


def test_all_that_is_outside_is_told_beside_other_mistakes() -> None:
    resources = SPEC.replace("svc, name: a", "scv, name: a, namespace: prod")

    assert said(decode(f"{NATIVE}  namespace: dev\n{resources}").problems) == [
        "5:14: metadata.namespace is `dev`, outside of this controller's namespace `shop`",
        "8:28: spec.versions[0].resources[0].gvrShort is no known kind: `scv`",
        "8:53: spec.versions[0].resources[0].namespace is `prod`, outside of this controller's namespace `shop`",
    ]


def test_positions_in_a_configmap_are_those_in_its_text() -> None:
    text = seed("backend-routemap").replace("namespace: modelmesh-serving\n", "namespace: shop\n", 1)

    assert said(decode(text).problems) == [
        "20:20: strSpec.versions[1].resources[0].namespace is `modelmesh-serving`, "
        "outside of this controller's namespace `shop`"
    ]


def test_other_objects_are_nobodys_business() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\n  namespace: prod\n"
    watched = text + '  labels: {iter8.tools/watch: "true"}\n'

    assert decode(watched).problems == ()
    assert len(decode(watched).resources) == 1
