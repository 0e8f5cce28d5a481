"""Mistakes in the Iter8 form, documents that are nearly routemaps, and those of others."""

from __future__ import annotations

import pytest

from tests.spec.builders import decode, said, seed


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("strSpec: |", "strspec: |", "11:3: data.strSpec is missing"),
        ("  strSpec: |\n", "  other: |\n", "11:3: data.other is an unknown key"),
        ("    - resources:\n      - gvrShort", "    - resources:\n     - gvrShort", "14:6: not valid YAML: this line"),
        ("    versions:\n", "    versions:\n    versions:\n", "13:5: duplicate key `versions`"),
        ("    versions:\n", "    ---\n    a: 1\n    ---\n    versions:\n", "11:12: data.strSpec holds more than one"),
        ("    versions:\n", "    vesrions:\n", "12:5: strSpec.versions is missing"),
    ],
)
def test_a_mistake_in_the_iter8_form_is_told_with_its_place_in_the_file(before: str, after: str, problem: str) -> None:
    assert before in seed("backend-routemap")

    found = decode(seed("backend-routemap").replace(before, after))

    assert said(found.problems)[0].startswith(problem)
    assert found.routemaps == ()
    assert found.broken == {"modelmesh-serving/backend"} or found.unreadable


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("''", "11:12: data.strSpec is empty"),
        ('"# nothing"', "11:12: data.strSpec is empty"),
        ("hello", "11:12: strSpec must be a mapping, not text"),
        ("7", "11:12: data.strSpec must be text, not a whole number"),
        ("{versions: []}", "11:12: data.strSpec must be text, not a mapping"),
        ("", "11:11: data.strSpec is missing"),
    ],
)
def test_a_spec_that_is_no_mapping_in_text_is_told(spec: str, problem: str) -> None:
    found = decode(seed("backend-routemap").partition("strSpec:")[0] + f"strSpec: {spec}\n")

    assert said(found.problems) == [problem]


NEARLY = [
    ("apiVersion: iter8.tools/v1\nkind: RouteMap", "2:7: kind is `RouteMap`, which is no kind of iter8.tools/v1"),
    ("apiVersion: iter8.tools/v1\nkind: Experiment", "2:7: kind is `Experiment`, which is no kind of iter8.tools/v1"),
    ("apiVersion: iter8.tools/v1", "1:1: kind is missing"),
    (
        "apiVersion: iter8.tools/v1beta1\nkind: Routemap",
        "1:13: apiVersion is `iter8.tools/v1beta1`, which is not supported",
    ),
    ("apiVersion: iter8.tool/v1\nkind: Routemap", "1:13: apiVersion is `iter8.tool/v1`, which is not supported"),
    ("apiVersion: iter8.tools/v2\nkind: routemap", "1:13: apiVersion is `iter8.tools/v2`, which is not supported"),
    ("kind: Routemap", "1:1: apiVersion is missing"),
    (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {iter8.tools/kind: Routemap}}",
        '3:39: metadata.labels["iter8.tools/kind"] is `Routemap`, which is not supported',
    ),
    (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {iter8.tools/kind: }}",
        '3:39: metadata.labels["iter8.tools/kind"] is missing',
    ),
    (
        "apiVersion: v1\nkind: Secret\nmetadata: {labels: {iter8.tools/kind: routemap}}",
        '3:39: metadata.labels["iter8.tools/kind"] marks a routemap, but this is no ConfigMap',
    ),
]


@pytest.mark.parametrize(("text", "problem"), NEARLY)
def test_a_document_that_is_nearly_a_routemap_is_told_so(text: str, problem: str) -> None:
    found = decode(text)

    assert said(found.problems) == [problem]
    assert found.problems[0].hint
    assert found.unreadable


def test_a_wrong_label_still_tells_whose_routemap_it_was() -> None:
    found = decode(seed("backend-routemap").replace("kind: routemap", "kind: routemaps"))

    assert found.broken == {"modelmesh-serving/backend"}
    assert not found.unreadable
    assert "write iter8.tools/kind: routemap" in found.problems[0].hint


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: iter8.tools/v2alpha2\nkind: Experiment\nmetadata: {name: x}",
        "apiVersion: other.example/v1\nkind: Routemap\nmetadata: {name: x}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {strSpec: 'versions: ['}",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: x, labels: {iter8.tools/kind: other}}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: [iter8.tools/kind]}",
        "apiVersion: [iter8.tools/v1]\nkind: {}\n",
        "just text",
        "- a\n- list",
    ],
)
def test_a_foreign_document_is_ignored_quietly(text: str) -> None:
    found = decode(text)

    assert found.routemaps == ()
    assert found.problems == ()
    assert not found.unreadable
