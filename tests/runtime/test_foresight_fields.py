"""Which fields of a live object a rendered one would change."""

from __future__ import annotations

from typing import Any

import pytest

from iter8_gitops.runtime.foresight.changes import NOTHING
from iter8_gitops.runtime.foresight.fields import differing_fields


def differ(rendered: dict[str, Any], live: dict[str, Any], *entries: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """The differences where `entries` are the managed fields of the live object."""
    whole = {"apiVersion": "v1", "kind": "Thing", **live}
    whole["metadata"] = {**live.get("metadata", {}), "managedFields": list(entries)}
    return [(each.path, each.before, each.after) for each in differing_fields(rendered, whole)]


def owned(fields: dict[str, Any], manager: str = "iter8-gitops", operation: str = "Apply") -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields}


@pytest.mark.parametrize(
    ("rendered", "live", "expected"),
    [
        ({"spec": {"a": 1}}, {"spec": {"a": 1, "default": True}}, []),
        ({"spec": {"a": 1}}, {"spec": {"a": 2}}, [("spec.a", 2, 1)]),
        ({"spec": {"a": 1}}, {}, [("spec", NOTHING, {"a": 1})]),
        ({"spec": {"a": True}}, {"spec": {"a": 1}}, [("spec.a", 1, True)]),
        ({"spec": {"a": 1.0}}, {"spec": {"a": 1}}, []),
        ({"spec": {"a": {}, "b": [], "c": None}}, {"spec": {}}, []),
        ({"spec": {"a": [1, 2]}}, {"spec": {"a": [1, 3]}}, [("spec.a[1]", 3, 2)]),
        ({"spec": {"a": [1, 2]}}, {"spec": {"a": [1]}}, [("spec.a[1]", NOTHING, 2)]),
        ({"spec": {"a": [1]}}, {"spec": {"a": [1, 2]}}, [("spec.a[1]", 2, NOTHING)]),
        ({"spec": {"a": [{"n": 1}]}}, {"spec": {"a": [{"n": 2, "d": 0}]}}, [("spec.a[0].n", 2, 1)]),
        ({"spec": {"a": "x"}}, {"spec": {"a": {"b": 1}}}, [("spec.a", {"b": 1}, "x")]),
        ({"metadata": {"name": "a", "namespace": "n", "uid": "u"}}, {"metadata": {"name": "b"}}, []),
        (
            {"metadata": {"labels": {"a.b/c": "1"}}},
            {"metadata": {"labels": {}}},
            [('metadata.labels["a.b/c"]', NOTHING, "1")],
        ),
        ({"apiVersion": "g/v1", "status": {"a": 1}}, {"status": {"a": 2}}, []),
    ],
)
def test_only_what_is_rendered_counts(
    rendered: dict[str, Any], live: dict[str, Any], expected: list[tuple[str, Any, Any]]
) -> None:
    assert differ(rendered, live) == expected


def test_a_field_of_ours_that_is_rendered_no_more_goes() -> None:
    live = {"spec": {"a": 1, "hosts": ["x"], "theirs": 2, "default": 3}}
    ours = owned({"f:spec": {"f:a": {}, "f:hosts": {}}})
    assert differ({"spec": {"a": 1}}, live, ours) == [("spec.hosts", ["x"], NOTHING)]


def test_a_field_that_somebody_else_manages_as_well_stays() -> None:
    live = {"spec": {"a": 1, "b": 2}}
    ours, theirs = owned({"f:spec": {"f:a": {}, "f:b": {}}}), owned({"f:spec": {"f:b": {}}}, "kubectl", "Update")
    assert differ({"spec": {"a": 1}}, live, ours, theirs) == []


def test_our_marks_and_owners_are_never_rendered_and_stay() -> None:
    labels, annotations = {"iter8.tools/instance": "iter8-gitops"}, {"iter8.tools/route": "shop/web/http"}
    live = {"metadata": {"labels": labels, "annotations": annotations, "ownerReferences": [{"uid": "u"}]}}
    ours = owned(
        {
            "f:metadata": {
                "f:labels": {"f:iter8.tools/instance": {}},
                "f:annotations": {".": {}, "f:iter8.tools/route": {}},
                "f:ownerReferences": {'k:{"uid":"u"}': {}},
            }
        }
    )
    assert differ({"metadata": {"name": "web"}}, live, ours) == []


def test_without_managed_fields_the_whole_object_is_ours() -> None:
    live = {"apiVersion": "v1", "kind": "Thing", "spec": {"a": 1, "b": 2, "list": [{"x": 1, "y": 2}]}}
    found = differing_fields({"spec": {"a": 1, "list": [{"x": 1}]}}, live)
    assert [(each.path, each.before, each.after) for each in found] == [
        ("spec.b", 2, NOTHING),
        ("spec.list[0].y", 2, NOTHING),
    ]


def test_the_content_of_a_secret_is_not_shown() -> None:
    live = {"apiVersion": "v1", "kind": "Secret", "data": {"key": "b2xk"}, "type": "Opaque"}
    found = differing_fields({"kind": "Secret", "data": {"key": "bmV3", "more": "bQ=="}, "type": "Other"}, live)
    assert [(each.path, each.before, each.after) for each in found] == [
        ("data.key", "(not shown)", "(not shown)"),
        ("data.more", NOTHING, "(not shown)"),
        ("type", "Opaque", "Other"),
    ]
