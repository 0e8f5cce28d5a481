"""What is wrong with the versions and templates of a routemap, where, and what to write instead."""

from __future__ import annotations

import pytest

from tests.spec.builders import HEADER, decode, said, seed, told

MISTAKES = [
    ("spec: {versions: []}", "5:18: spec.versions must not be empty"),
    ("spec: {}", "5:7: spec.versions is missing"),
    ("spec: x", "5:7: spec must be a mapping, not text"),
    ("spec: {versions: {}}", "5:18: spec.versions must be a list, not a mapping (begin each item with `- `)"),
    ("spec: {versions: [1]}", "5:19: spec.versions[0] must be a mapping, not a whole number"),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], wieght: 1}]}",
        "5:59: spec.versions[0].wieght is an unknown key (did you mean `weight`? "
        "valid keys: name, progressDeadline, resources, weight)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], zzz: 1}]}",
        "5:59: spec.versions[0].zzz is an unknown key (valid keys: name, progressDeadline, resources, weight)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, nmae: a, name: b}]}]}",
        "5:48: spec.versions[0].resources[0].nmae is an unknown key "
        "(did you mean `name`? valid keys: apiVersion, gvrShort, kind, name, namespace)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: iscv, name: a}]}]}",
        "5:43: spec.versions[0].resources[0].gvrShort is no known kind: `iscv` "
        "(did you mean `isvc`? known: cm, deploy, isvc, service, svc; or write apiVersion and kind)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, kind: Service, name: a}]}]}",
        "5:48: spec.versions[0].resources[0].kind stands beside gvrShort "
        "(keep one: write gvrShort, or apiVersion and kind)",
    ),
    (
        "spec: {versions: [{resources: [{name: a}]}]}",
        "5:32: spec.versions[0].resources[0] does not say which kind it is (write gvrShort, or apiVersion and kind)",
    ),
    (
        "spec: {versions: [{resources: [{kind: Service, name: a}]}]}",
        "5:32: spec.versions[0].resources[0].apiVersion is missing (write gvrShort, or apiVersion and kind)",
    ),
    (
        "spec: {versions: [{resources: [{apiVersion: v1, name: a}]}]}",
        "5:32: spec.versions[0].resources[0].kind is missing (write gvrShort, or apiVersion and kind)",
    ),
    (
        "spec: {versions: [{resources: [{apiVersion: apps/v1, kind: deployment, name: a}]}]}",
        "5:60: spec.versions[0].resources[0].kind is no known kind: `deployment` (did you mean `Deployment`?)",
    ),
    (
        "spec: {versions: [{resources: [{apiVersion: apps, kind: Deployment, name: a}]}]}",
        "5:45: spec.versions[0].resources[0].apiVersion is no valid API version: `apps` "
        "(write group/version, such as apps/v1)",
    ),
    (
        "spec: {versions: [{resources: [{apiVersion: v1, kind: a b, name: a}]}]}",
        "5:55: spec.versions[0].resources[0].kind is no valid kind: `a b` "
        "(write it as manifests do, such as Deployment)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc}]}]}",
        "5:32: spec.versions[0].resources[0].name is missing (add it beside gvrShort)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: My_Svc}]}]}",
        "5:54: spec.versions[0].resources[0].name is no valid name: `My_Svc` (did you mean `my-svc`? use up to 253 "
        "lower-case letters, digits, '-' and '.', with a letter or digit at both ends)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a, namespace: a.b}]}]}",
        "5:68: spec.versions[0].resources[0].namespace is no valid namespace: `a.b` (did you mean `a-b`? use up to "
        "63 lower-case letters, digits, '-', with a letter or digit at both ends)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}, {gvrShort: service, name: a, namespace: default}]}]}",
        "5:58: spec.versions[0].resources[1] is the same object as versions[0].resources[0]: Service default/a "
        "(name each object once in a version)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], weight: '10'}]}",
        "5:67: spec.versions[0].weight must be a whole number, not text (remove the quotes)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], progressDeadline: soon}]}",
        "5:77: spec.versions[0].progressDeadline is no duration: `soon` (write a duration such as 15m, 1h30m or 30s)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], progressDeadline: 600}]}",
        "5:77: spec.versions[0].progressDeadline must be text, not a whole number "
        "(write a duration such as 15m, 1h30m or 30s)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], progressDeadline: 0s}]}",
        "5:77: spec.versions[0].progressDeadline must be at least 1s (write a duration such as 10m)",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], weight: true}]}",
        "5:67: spec.versions[0].weight must be a whole number, not true or false",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], weight: 1.5}]}",
        "5:67: spec.versions[0].weight must be a whole number, not a decimal number",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], weight: -1}]}",
        "5:67: spec.versions[0].weight must be at least 0, not -1",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], weight: 2147483648}]}",
        "5:67: spec.versions[0].weight must be at most 2147483647, not 2147483648",
    ),
    (
        "spec: {versions: [{resources: [{gvrShort: svc, name: a}], name: ''}]}",
        "5:65: spec.versions[0].name must not be empty",
    ),
    (
        "spec: {versions: [&v {name: a, resources: [{gvrShort: svc, name: a}]}, *v]}",
        "5:29: spec.versions[1].name has the name of versions[0]: `a` "
        "(names must differ; a version without a name is called v0, v1, .. by its place)",
    ),
    (
        "spec: {versions: [{name: v1, resources: [{gvrShort: svc, name: a}]}, {resources: [{gvrShort: cm, name: a}]}]}",
        "5:70: spec.versions[1] has the name of versions[0]: `v1` "
        "(names must differ; a version without a name is called v0, v1, .. by its place)",
    ),
]


@pytest.mark.parametrize(("spec", "problem"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_to_write_instead(spec: str, problem: str) -> None:
    found = decode(HEADER + spec, namespace="default")

    assert told(found.problems) == [problem]
    assert found.routemaps == ()
    assert [each.application for each in found.problems] == ["default/shop"]
    assert found.broken == {"default/shop"}


def test_too_many_versions_are_refused() -> None:
    versions = "".join(f"  - resources: [{{gvrShort: svc, name: a{i}}}]\n" for i in range(101))

    assert said(decode(f"{HEADER}spec:\n  versions:\n{versions}").problems) == [
        "7:3: spec.versions has more than 100 items"
    ]


def test_a_version_name_must_be_printable() -> None:
    found = decode(f'{HEADER}spec: {{versions: [{{name: "a\\e[2J", resources: [{{gvrShort: svc, name: a}}]}}]}}')

    assert said(found.problems) == ["5:26: spec.versions[0].name is no valid name: `a\N{REPLACEMENT CHARACTER}[2J`"]


def test_all_mistakes_of_a_document_are_told_at_once_by_position() -> None:
    text = seed("backend-routemap").replace("name: backend-0", "nmae: backend-0").replace("isvc\n", "iscv\n")
    text = text.replace("managed-by: iter8", "managed-by: 8")
    found = decode(text)

    assert said(found.problems) == [
        '6:35: metadata.labels["app.kubernetes.io/managed-by"] must be text, not a whole number',
        "14:9: strSpec.versions[0].resources[0].name is missing",
        "14:19: strSpec.versions[0].resources[0].gvrShort is no known kind: `iscv`",
        "15:9: strSpec.versions[0].resources[0].nmae is an unknown key",
        "18:19: strSpec.versions[1].resources[0].gvrShort is no known kind: `iscv`",
    ]
    assert found.broken == {"modelmesh-serving/backend"}
