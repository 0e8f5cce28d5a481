"""Whatever comes in, decoding answers; and what is valid comes back as it was written."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.routemap import Assignment, Routemap, RoutingTemplate, Version
from iter8_gitops.spec.yaml import read_documents
from tests.spec.builders import KINDS, decode, seed

NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SHORT_NAMES = {(kind.group, kind.kind): short for short in KINDS.names() if (kind := KINDS.by_short_name(short))}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def is_version_name(text: str) -> bool:
    return bool(text) and text.isprintable()


@st.composite
def routemaps(draw: st.DrawFn) -> Routemap:
    namespace = draw(NAMES)
    kinds = st.sampled_from(sorted(SHORT_NAMES))
    resources = st.builds(lambda kind, where, name: ResourceId(kind[0], kind[1], where, name), kinds, NAMES, NAMES)
    count = draw(st.integers(1, 4))
    names = draw(st.lists(TEXT.filter(is_version_name), min_size=count, max_size=count, unique=True))
    versions = [
        Version(
            name, tuple(draw(st.lists(resources, min_size=1, max_size=3, unique=True))), draw(st.integers(0, 2**31 - 1))
        )
        for name in names
    ]
    templates = draw(st.dictionaries(TEXT.filter(bool), TEXT.filter(bool), max_size=2))
    return Routemap(
        namespace=namespace,
        name=draw(NAMES),
        versions=tuple(versions),
        routing_templates=tuple(RoutingTemplate(name, text) for name, text in templates.items()),
        assignment=Assignment(draw(TEXT)),
        labels=tuple(sorted(draw(st.dictionaries(NAMES, TEXT, max_size=2)).items())),
        annotations=tuple(sorted(draw(st.dictionaries(TEXT, TEXT, max_size=2)).items())),
    )


def spec_of(routemap: Routemap) -> dict[str, Any]:
    return {
        "versions": [
            {
                "name": version.name,
                "weight": version.weight,
                "resources": [
                    {"gvrShort": SHORT_NAMES[each.group, each.kind], "name": each.name, "namespace": each.namespace}
                    for each in version.resources
                ],
            }
            for version in routemap.versions
        ],
        "routingTemplates": {each.name: {"template": each.template} for each in routemap.routing_templates},
        "assignment": {"salt": routemap.assignment.salt},
    }


def manifest_of(routemap: Routemap, **more: Any) -> dict[str, Any]:
    metadata = {
        "name": routemap.name,
        "namespace": routemap.namespace,
        "labels": dict(routemap.labels),
        "annotations": dict(routemap.annotations),
    }
    return {"apiVersion": "iter8.tools/v1", "kind": "Routemap", "metadata": metadata, **more}


@settings(deadline=None)
@given(routemaps())
def test_a_valid_routemap_comes_back_as_it_was_written(routemap: Routemap) -> None:
    written = manifest_of(routemap, spec=spec_of(routemap))

    for path, text in (
        ("a.json", json.dumps(written)),
        ("a.yaml", yaml.safe_dump(written, default_style='"', sort_keys=False)),
    ):
        found = decode(text, path=path)
        assert found.problems == ()
        assert [decoded.routemap for decoded in found.routemaps] == [routemap]


@settings(deadline=None)
@given(routemaps(), st.sampled_from(["|", ">", '"', "'"]))
def test_the_iter8_form_means_the_same(routemap: Routemap, style: str) -> None:
    labels = {**dict(routemap.labels), "iter8.tools/kind": "routemap"}
    written = manifest_of(routemap) | {"apiVersion": "v1", "kind": "ConfigMap"}
    written["metadata"]["labels"] = labels
    written["data"] = {"strSpec": yaml.safe_dump(spec_of(routemap), default_style='"')}

    found = decode(yaml.safe_dump(written, default_style=style))

    (decoded,) = found.routemaps
    assert decoded.routemap.versions == routemap.versions
    assert decoded.routemap.assignment == routemap.assignment
    assert set(decoded.routemap.routing_templates) == set(routemap.routing_templates)


@settings(deadline=None)
@given(JSON)
def test_json_values_come_back_as_they_were_written(value: object) -> None:
    text = json.dumps([value]).encode()

    (found,) = read_documents("a.json", text).documents

    assert found.data == [value]


@settings(deadline=None)
@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf\xff")
@example(b"%TAG ! !\n--- !<x> [")
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    found = decode(content + b" # iter8.tools/")

    assert found.routemaps == ()
    assert found.unreadable == bool(found.problems)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="ab1:-?&*!|>'\"{}[],#%@~<.\\ \n\t\r", max_size=60))
def test_arbitrary_punctuation_never_raises_and_every_problem_has_a_place(text: str) -> None:
    for problem in read_documents("a.yaml", text.encode()).problems:
        assert problem.line >= 1
        assert problem.column >= 1


SEED = seed("backend-routemap")


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(SEED)), st.integers(0, 12), TEXT)
def test_a_damaged_routemap_is_a_routemap_or_a_problem_or_clearly_something_else(at: int, cut: int, put: str) -> None:
    found = decode(SEED[:at] + put + SEED[at + cut :])

    for problem in found.problems:
        assert problem.message
        assert problem.line >= 1
        assert problem.application is None or problem.application in found.broken
    if found.problems:
        assert found.broken or found.unreadable


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["versions", "routingTemplates", "assignment", "x"]), JSON, max_size=4))
def test_a_spec_of_arbitrary_values_is_decoded_or_explained(spec: dict[str, Any]) -> None:
    written = {"apiVersion": "iter8.tools/v1", "kind": "Routemap", "metadata": {"name": "a"}, "spec": spec}

    found = decode(json.dumps(written), path="a.json")

    assert bool(found.routemaps) != bool(found.problems)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["svc", "services", "service", "Service", "SVC"]), max_size=5))
def test_unknown_short_names_always_get_a_hint(names: list[str]) -> None:
    table = KindTable([])

    assert all("apiVersion and kind" in table.unknown_name_hint(name) for name in names)
