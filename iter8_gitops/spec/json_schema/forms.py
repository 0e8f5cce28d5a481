"""The JSON Schemas of routemaps, in both forms."""

from __future__ import annotations

from collections.abc import Iterable

from iter8_gitops.spec.fields import Strict
from iter8_gitops.spec.forms import KIND_LABEL, KIND_LABEL_VALUE
from iter8_gitops.spec.json_schema.generation import JsonSchema, schema_of
from iter8_gitops.spec.manifests import ConfigMapManifest, NativeManifest
from iter8_gitops.spec.schema import RoutemapSpec

DIALECT = "http://json-schema.org/draft-07/schema#"
_FIRST_KEYS = ("apiVersion", "kind", "metadata")


def native_schema() -> JsonSchema:
    """The schema of `kind: Routemap`."""
    schema = document_schema(
        NativeManifest,
        "native",
        "Routemap",
        "The versions of an application, what each is made of, and how users are spread over them.",
    )
    spec = schema["properties"]["spec"]
    schema["properties"]["spec"] = {**schema_of(RoutemapSpec), **spec}
    return schema


def config_map_schema() -> JsonSchema:
    """The schema of Iter8's form, a ConfigMap. The spec is a text there, with a schema of its own."""
    schema = document_schema(
        ConfigMapManifest,
        "configmap",
        "Routemap in a ConfigMap",
        "A routemap as Iter8 has it: a ConfigMap with a label that says so, and the spec as text.",
    )
    schema["properties"]["data"]["properties"]["strSpec"]["contentMediaType"] = "application/yaml"
    metadata = schema["properties"]["metadata"]
    label = {"const": KIND_LABEL_VALUE, "description": "Says that this ConfigMap is a routemap."}
    metadata["properties"]["labels"] |= {
        "type": "object",
        "properties": {KIND_LABEL: label},
        "required": [KIND_LABEL],
    }
    metadata["required"].append("labels")
    return schema


def spec_schema() -> JsonSchema:
    """The schema of a spec alone, which is the text in Iter8's form."""
    return document_schema(
        RoutemapSpec,
        "spec",
        "Spec of a routemap",
        "What stands under `spec` in the native form, and in `data.strSpec` in Iter8's.",
    )


def document_schema(model: type[Strict], name: str, title: str, description: str) -> JsonSchema:
    """The schema of whole documents. `name` tells it from the others in its identifier."""
    schema = schema_of(model)
    properties = schema["properties"]
    return {
        **schema,
        "$schema": DIALECT,
        "$id": f"urn:iter8-gitops:{name}",
        "title": title,
        "description": description,
        # Editors insert required keys in this order.
        "properties": {key: properties[key] for key in _ordered(properties)},
        "required": _ordered(schema.get("required", ())),
    }


def _ordered(keys: Iterable[str]) -> list[str]:
    """`keys`, with those first that every manifest begins with."""
    return sorted(keys, key=lambda key: _FIRST_KEYS.index(key) if key in _FIRST_KEYS else len(_FIRST_KEYS))
