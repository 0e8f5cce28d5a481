"""The JSON Schemas of routemaps: what an editor says of a document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from iter8_gitops.spec.json_schema.forms import DIALECT, config_map_schema, native_schema, spec_schema
from iter8_gitops.spec.json_schema.generation import JsonSchema
from tests.spec.builders import decode, document, seed

EXAMPLES = Path(__file__).parents[2] / "examples" / "routemaps"
SCHEMAS = {"native": native_schema(), "configmap": config_map_schema(), "spec": spec_schema()}
every_schema = pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)


def said(schema: JsonSchema, data: Any) -> list[str]:
    """What is wrong with `data`, each with the path of the value."""
    return [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(data)]


def native(**spec: Any) -> dict[str, Any]:
    versions = [{"resources": [{"gvrShort": "svc", "name": "web"}]}]
    return {
        "apiVersion": "iter8.tools/v1",
        "kind": "Routemap",
        "metadata": {"name": "web"},
        "spec": {"versions": versions, **spec},
    }


def resource(**keys: Any) -> dict[str, Any]:
    return native(versions=[{"resources": [{"name": "web", **keys}]}])


def version(**keys: Any) -> dict[str, Any]:
    return native(versions=[{"resources": [{"gvrShort": "svc", "name": "web"}], **keys}])


def properties(schema: JsonSchema, path: str = "") -> Iterator[tuple[str, JsonSchema]]:
    """Every property of every object in a schema."""
    for key, part in schema.get("properties", {}).items():
        yield f"{path}.{key}", part
        yield from properties(part, f"{path}.{key}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from properties(schema[key], f"{path}[]")


@every_schema
def test_it_is_a_schema_of_draft_7_that_stands_alone(schema: JsonSchema) -> None:
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == DIALECT
    assert schema["$id"].startswith("urn:iter8-gitops:")
    assert "$ref" not in str(schema)


def test_identifiers_differ() -> None:
    assert len({schema["$id"] for schema in SCHEMAS.values()}) == len(SCHEMAS)


@every_schema
def test_an_editor_can_say_something_about_every_key(schema: JsonSchema) -> None:
    assert schema["title"]
    assert [path for path, part in properties(schema) if not part.get("description", "").endswith(".")] == []


@every_schema
def test_defaults_and_examples_are_valid(schema: JsonSchema) -> None:
    tried = 0
    for path, part in properties(schema):
        for value in (*part.get("examples", ()), *([part["default"]] if "default" in part else ())):
            assert (path, said(part, value)) == (path, [])
            tried += 1
    assert tried


def test_defaults_are_written_as_documents_write_them() -> None:
    keys = SCHEMAS["spec"]["properties"]["versions"]["items"]["properties"]
    assert (keys["weight"]["default"], keys["progressDeadline"]["default"]) == (1, "10m")


def test_every_example_is_valid_in_its_form() -> None:
    tried = set()
    for path in sorted(EXAMPLES.glob("*.yaml")):
        for data in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            form = "configmap" if data["kind"] == "ConfigMap" else "native"
            tried.add(form)
            assert said(SCHEMAS[form], data) == []
            if form == "configmap":
                assert said(SCHEMAS["spec"], yaml.safe_load(data["data"]["strSpec"])) == []
    assert tried == {"configmap", "native"}


def test_the_routemap_of_the_tutorial_is_valid() -> None:
    assert said(SCHEMAS["configmap"], document(seed("backend-routemap")).data) == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (version(wieght=90), "$.spec.versions[0]: Additional properties are not allowed ('wieght' was unexpected)"),
        (version(weight="90"), "$.spec.versions[0].weight: '90' is not of type 'integer', 'null'"),
        (version(weight=-1), "$.spec.versions[0].weight: -1 is less than the minimum of 0"),
        (version(name=""), "$.spec.versions[0].name: '' does not match"),
        (version(progressDeadline="5 minutes"), "$.spec.versions[0].progressDeadline: '5 minutes' does not match"),
        (version(resources=[]), "$.spec.versions[0].resources: [] should be non-empty"),
        (native(versions=[]), "$.spec.versions: [] should be non-empty"),
        (native(versions=None), "$.spec.versions: None is not of type 'array'"),
        (native(routingTemplates={"a": {}}), "$.spec.routingTemplates.a: 'template' is a required property"),
        (native(routingTemplates={"": {"template": "x"}}), "$.spec.routingTemplates: '' should be non-empty"),
        (resource(gvrShort="svc", namespace="Shop"), "$.spec.versions[0].resources[0].namespace: 'Shop' does not"),
        (resource(gvrShort="svc", name="web\n"), "$.spec.versions[0].resources[0].name: 'web\\n' does not match"),
        (resource(), "$.spec.versions[0].resources[0]: {'name': 'web'} is not valid under any of the given schemas"),
        (resource(kind="Service"), "$.spec.versions[0].resources[0]: {'name': 'web', 'kind': 'Service'} is not valid"),
        (resource(gvrShort="svc", kind="Service"), "$.spec.versions[0].resources[0]: {"),
        (native() | {"kind": "routemap"}, "$.kind: 'Routemap' was expected"),
        (native() | {"metadata": {}}, "$.metadata: 'name' is a required property"),
        (native() | {"metadata": {"name": "a", "labels": {"a": 1}}}, "$.metadata.labels.a: 1 is not of type 'string'"),
    ],
)
def test_a_mistake_is_found_where_it_is(data: dict[str, Any], told: str) -> None:
    (found,) = said(SCHEMAS["native"], data)
    assert found.startswith(told)


@pytest.mark.parametrize(
    "data",
    [
        resource(apiVersion="apps/v1", kind="Deployment"),
        resource(gvrShort="svc", apiVersion=None, kind=None, namespace=None),
        version(name=None, weight=None, progressDeadline=None),
        native(routingTemplates=None, assignment=None),
        native() | {"status": {"any": "thing"}},
        native() | {"metadata": {"name": "web", "creationTimestamp": "2026-01-01T00:00:00Z", "ownerReferences": []}},
    ],
)
def test_null_counts_as_absent_and_what_kubernetes_writes_is_ignored(data: dict[str, Any]) -> None:
    assert said(SCHEMAS["native"], data) == []


def test_a_config_map_must_say_that_it_is_a_routemap() -> None:
    data = document(seed("backend-routemap")).data
    metadata = {**data["metadata"], "labels": {"app": "web"}}
    assert said(SCHEMAS["configmap"], {**data, "metadata": metadata}) == [
        "$.metadata.labels: 'iter8.tools/kind' is a required property"
    ]


@pytest.mark.parametrize(
    ("why", "spec"),
    [
        ("a short name that nobody knows", {"versions": [{"resources": [{"gvrShort": "zzz", "name": "a"}]}]}),
        (
            "a kind that is known by another spelling",
            {"versions": [{"resources": [{"apiVersion": "apps/v1", "kind": "deployment", "name": "a"}]}]},
        ),
        ("two versions of one name", native()["spec"] | {"versions": [version(name="v1")["spec"]["versions"][0]] * 2}),
        ("one object twice", {"versions": [{"resources": [{"gvrShort": "svc", "name": "a"}] * 2}]}),
        ("a deadline of less than a second", version(progressDeadline="0.5s")["spec"]),
        ("a duration beyond what Go can count", version(progressDeadline="9999999999h")["spec"]),
        ("a character of no width", version(name="a\u200bb")["spec"]),
    ],
)
def test_some_rules_are_beyond_a_schema(why: str, spec: dict[str, Any]) -> None:
    data = native() | {"spec": spec}
    assert said(SCHEMAS["native"], data) == [], why
    assert decode(yaml.safe_dump(data)).problems, why


def test_an_unknown_key_without_a_value_is_a_mistake() -> None:
    data = version(wieght=None)
    (problem,) = decode(yaml.safe_dump(data)).problems
    assert "wieght is an unknown key" in problem.message
    assert "wieght" in said(SCHEMAS["native"], data)[0]
