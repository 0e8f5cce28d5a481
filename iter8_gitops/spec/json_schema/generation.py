"""From a model of documents to its JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from iter8_gitops.spec.durations import format_duration
from iter8_gitops.spec.fields import Strict

JsonSchema: TypeAlias = dict[str, Any]

_DEFINITIONS = "$defs"
_REFERENCE = f"#/{_DEFINITIONS}/"


def schema_of(model: type[Strict]) -> JsonSchema:
    """The schema of documents that `model` accepts, as far as a schema can tell."""
    written = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    definitions = written.pop(_DEFINITIONS, {})
    completed: JsonSchema = _completed(written, definitions)
    return completed


class _Generator(GenerateJsonSchema):
    """pydantic's own, without the titles that it makes of names, and with the keys that a model ignores."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - as in the base class
        """Never: an editor shows the key anyway."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchema:
        """The schema of one model."""
        found = super().model_schema(schema)
        found.pop("title", None)
        model = schema["cls"]
        if issubclass(model, Strict):
            ignored = {"description": "Means nothing here and is ignored.", "doNotSuggest": True}
            found["properties"] |= dict.fromkeys(sorted(model.ignored), ignored)
        return found


def _completed(part: Any, definitions: Mapping[str, JsonSchema]) -> Any:
    """`part` with references written out, and null allowed where it counts as absent."""
    if isinstance(part, list):
        return [_completed(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        target = definitions[part["$ref"].removeprefix(_REFERENCE)]
        part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
    part = {key: _completed(value, definitions) for key, value in part.items()}
    if "properties" in part and "object" in _types(part):
        required = part.get("required", ())
        part["properties"] = {
            key: _with_default(each) if key in required else _or_null(_with_default(each))
            for key, each in part["properties"].items()
        }
    return part


def _with_default(part: JsonSchema) -> JsonSchema:
    """`part` with its default as documents write it; without one that says no more than that it may be absent."""
    default = part.get("default")
    if isinstance(default, float) and _is_text(part):
        return {**part, "default": format_duration(default)}
    if default is None or default == "" or isinstance(default, dict | list):
        return {key: value for key, value in part.items() if key != "default"}
    return part


def _is_text(part: JsonSchema) -> bool:
    return "string" in _types(part)


def _types(part: JsonSchema) -> list[str]:
    stated = part.get("type", [])
    return [stated] if isinstance(stated, str) else list(stated)


def _or_null(part: JsonSchema) -> JsonSchema:
    """`part`, or null. Only the form `type: [T, "null"]` lets editors suggest what fits T."""
    choices = [each for each in part.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) == 1:
        part = {**choices[0], **{key: value for key, value in part.items() if key != "anyOf"}}
    if "enum" in part:
        part = {**part, "enum": [*part["enum"], None]}
    return {**part, "type": [*_types(part), "null"]} if _types(part) else part
