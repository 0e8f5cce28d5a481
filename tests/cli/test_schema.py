"""`iter8-gitops schema`, as a person runs it for an editor."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from iter8_gitops.cli import main
from iter8_gitops.spec.json_schema.forms import config_map_schema, native_schema, spec_schema

CONFIGURATION = {
    "image": "iter8/iter8:1.1",
    "defaultResync": "15m",
    "resourceTypes": {"deploy": {"Group": "apps", "Version": "v1", "Resource": "deployments", "conditions": ["Ready"]}},
}


def schema(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["schema", *arguments])
    assert (result.exit_code, result.stderr) == (0, "")
    printed: dict[str, Any] = json.loads(result.stdout)
    return printed


def test_without_options_it_is_the_native_form() -> None:
    assert schema() == schema("--form", "native") == native_schema()


def test_every_form_has_a_schema_of_its_own() -> None:
    assert schema("--form", "configmap") == config_map_schema()
    assert schema("--form", "spec") == spec_schema()


def test_the_configuration_of_iter8_is_valid_with_keys_that_mean_nothing_here() -> None:
    found = schema("--form", "configuration")
    Draft7Validator.check_schema(found)
    assert list(Draft7Validator(found).iter_errors(CONFIGURATION)) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("defaultResync", "soon"), ("clusterScoped", "yes"), ("resourceTypes", {"deploy": {"Group": "apps"}})],
)
def test_a_mistake_in_a_configuration_is_found(key: str, value: object) -> None:
    (found,) = {str(error.json_path).split(".")[1] for error in _errors({**CONFIGURATION, key: value})}
    assert found == key


def test_a_form_that_is_not_there_is_a_usage_error_that_lists_them() -> None:
    result = CliRunner().invoke(main, ["schema", "--form", "yaml"])
    assert result.exit_code == 2
    assert "'native', 'configmap', 'spec', 'configuration'" in result.stderr


def _errors(data: object) -> list[Any]:
    return list(Draft7Validator(schema("--form", "configuration")).iter_errors(data))
