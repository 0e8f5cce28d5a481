"""Weights: what is asked for by annotation, and what is in force."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iter8_gitops.core.weights import annotated_weight, weights_in_force
from iter8_gitops.spec.resource import Resource, ResourceId

IDENTITY = ResourceId("apps", "Deployment", "shop", "web")


def annotated(value: object) -> Resource:
    return Resource(IDENTITY, {"metadata": {"annotations": {"iter8.tools/weight": value}}})


def test_the_annotation_of_a_resource_asks_for_a_weight() -> None:
    assert annotated_weight(annotated("25")) == 25
    assert annotated_weight(annotated("0")) == 0


def test_without_the_annotation_nothing_is_asked_for() -> None:
    assert annotated_weight(Resource(IDENTITY, {"metadata": {}})) is None
    assert annotated_weight(Resource(IDENTITY, {"metadata": {"annotations": "junk"}})) is None


@pytest.mark.parametrize("value", ["", "-1", "1.5", "ten", "1e3", " 5", "99999999999", "2147483648", "٣", 5, True, [1]])
def test_an_unusable_annotation_is_explained_and_not_used(value: object) -> None:
    said = annotated_weight(annotated(value))
    assert isinstance(said, str)
    assert "iter8.tools/weight" in said
    assert "shop/web" in said


@given(st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=8))
def test_only_available_versions_take_traffic_and_somebody_always_does(
    versions: list[tuple[int, bool]],
) -> None:
    declared, available = zip(*versions, strict=True)
    weights = weights_in_force(declared, available)
    assert len(weights) == len(versions)
    if any(w and ok for w, ok in versions):
        assert weights == tuple(w if ok else 0 for w, ok in versions)
    else:
        assert weights == (1, *[0] * (len(versions) - 1))
