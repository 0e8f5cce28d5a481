"""Mistakes in the metadata, and whose routemap a document with a mistake is."""

from __future__ import annotations

import pytest

from tests.spec.builders import GOOD, HEADER, decode, said, told

METADATA_MISTAKES = [
    ("metadata: {name: shop, labels: {a: 1}}", "3:36: metadata.labels.a must be text, not a whole number (quote it)"),
    (
        "metadata: {name: shop, annotations: {a.b/c: yes}}",
        '3:45: metadata.annotations["a.b/c"] must be text, not true or false (quote it)',
    ),
    ("metadata: {name: shop, labels: [a]}", "3:32: metadata.labels must be a mapping, not a list"),
    (
        "metadata: {name: shop, lables: {}}",
        "3:24: metadata.lables is an unknown key (did you mean `labels`? "
        "valid keys: annotations, labels, name, namespace, uid)",
    ),
]


@pytest.mark.parametrize(("metadata", "problem"), METADATA_MISTAKES)
def test_a_mistake_in_the_metadata_is_told(metadata: str, problem: str) -> None:
    found = decode(f"apiVersion: iter8.tools/v1\nkind: Routemap\n{metadata}\nspec:\n{GOOD}", namespace="default")

    assert told(found.problems) == [problem]
    assert found.broken == {"default/shop"}
    assert not found.unreadable


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ("metadata: {nmae: shop}", "3:11: metadata.name is missing"),
        ("metadata: {name: 7}", "3:18: metadata.name must be text, not a whole number"),
        ("metadata: {name: Shop_1}", "3:18: metadata.name is no valid name: `Shop_1`"),
        ("metadata: {name: '-'}", "3:18: metadata.name is no valid name: `-`"),
        ("metadata: {name: " + "a" * 254 + "}", "3:18: metadata.name is no valid name: `" + "a" * 60 + "…`"),
        ("metadata: {name: shop, namespace: Bad}", "3:35: metadata.namespace is no valid namespace: `Bad`"),
        ("metadata: {name: shop, namespace: ''}", "3:35: metadata.namespace is no valid namespace: ``"),
        ("metadata: {name: shop, namespace: 7}", "3:35: metadata.namespace must be text, not a whole number"),
        ("metadata: [name]", "3:11: metadata must be a mapping, not a list"),
        ("metadata:", "3:10: metadata is missing"),
    ],
)
def test_when_the_name_cannot_be_read_nothing_that_the_file_held_is_given_up(metadata: str, problem: str) -> None:
    found = decode(f"apiVersion: iter8.tools/v1\nkind: Routemap\n{metadata}\nspec:\n{GOOD}")

    assert said(found.problems)[0] == problem
    assert found.broken == frozenset()
    assert found.unreadable


@pytest.mark.parametrize(
    "mistake",
    [
        "  namepsace: prod\nspec: {versions: [{resources: [{gvrShort: svc, name: a}]}]}",
        "",
        "spec: {vesrions: [{resources: [{gvrShort: svc, name: a, namespace: prod}]}]}",
        "spec: {versions: {resources: [{gvrShort: svc, name: a, namespace: prod}]}}",
        "spec: {versions: [{resuorces: [{gvrShort: svc, name: a, namespace: prod}]}]}",
        "spec: {versions: [{resources: {gvrShort: svc, name: a, namespace: prod}}]}",
        "spec: {versions: [{resources: [{gvrShort: svc, name: a, namepsace: prod}]}]}",
        "spec: {versions: [{resources: [{gvrShort: svc, name: a, namespace: [prod]}]}]}",
    ],
)
def test_a_namespace_that_may_be_hidden_by_the_mistake_is_not_guessed(mistake: str) -> None:
    found = decode(HEADER + mistake)

    assert [each.application for each in found.problems] == [None] * len(found.problems)
    assert found.broken == frozenset()
    assert found.unreadable


def test_a_mistake_elsewhere_leaves_no_doubt_about_the_namespace() -> None:
    found = decode(f"{HEADER}spec: {{versions: [{{resources: [{{gvrShort: svc, name: a}}], weight: x}}]}}")

    assert found.broken == {"default/shop"}
    assert not found.unreadable
