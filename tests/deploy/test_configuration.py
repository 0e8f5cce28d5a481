"""What people configure reaches the controller: its file, and the secrets that it refers to."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from iter8_gitops.runtime.configuration import load_configuration
from tests.deploy.golden import HERE
from tests.deploy.rendering import Object, arguments, container_of, kustomize, of_kind, pod_of

EVERYTHING = yaml.safe_load((HERE / "values-everything.yaml").read_text())


@pytest.mark.parametrize("name", ["kustomize-cluster", "kustomize-namespace", "helm-cluster", "helm-namespace"])
def test_nothing_is_configured_unasked(renders: dict[str, list[Object]], name: str) -> None:
    assert of_kind(renders[name], "ConfigMap") == []
    assert not [word for word in arguments(renders[name], "controller") if word.startswith("--config=")]
    assert "envFrom" not in container_of(renders[name], "controller")


def test_the_chart_hands_on_all_of_config_and_the_controller_understands_it(
    renders: dict[str, list[Object]], tmp_path: Path
) -> None:
    text = configuration_of(renders["helm-everything"])
    assert yaml.safe_load(text) == EVERYTHING["config"]
    (tmp_path / "config.yaml").write_text(text)
    found = load_configuration(tmp_path / "config.yaml")
    assert {each.short_name for each in found.resource_types} == set(EVERYTHING["config"]["resourceTypes"])
    assert found.resync_seconds == 900


def test_the_component_takes_the_file_of_the_overlay() -> None:
    text = "defaultResync: 15m\n"
    objects = kustomize("cluster", namespace="tools", components=["git", "config"], configuration=text)
    assert configuration_of(objects) == text


def test_the_component_gives_the_keys_of_a_secret_to_the_controller_alone(renders: dict[str, list[Object]]) -> None:
    objects = renders["kustomize-components"]
    given = {"secretRef": {"name": "iter8-gitops-env", "optional": True}}
    assert given_to_containers(objects, "envFrom", given) == ["controller"]


def test_the_chart_gives_variables_and_volumes_to_the_controller_alone(renders: dict[str, list[Object]]) -> None:
    objects, values = renders["helm-everything"], EVERYTHING["controller"]
    for value, field in (("extraEnv", "env"), ("extraEnvFrom", "envFrom"), ("extraVolumeMounts", "volumeMounts")):
        (given,) = values[value]
        assert given_to_containers(objects, field, given) == ["controller"], value
    (volume,) = values["extraVolumes"]
    assert volume in pod_of(objects)["volumes"]


def test_variables_that_are_added_leave_those_of_git_alone(renders: dict[str, list[Object]]) -> None:
    names = [each["name"] for each in container_of(renders["helm-everything"], "controller")["env"]]
    assert names[0] == "ITER8_LOCATION"
    assert names[-1] == "SLACK_URL"
    assert len(names) == len(set(names))


def configuration_of(objects: list[Object]) -> str:
    """The text of the file that the argument `--config` names, found as the kubelet would find it."""
    (option,) = (word for word in arguments(objects, "controller") if word.startswith("--config="))
    path = PurePosixPath(option.partition("=")[2])
    (mount,) = (
        each for each in container_of(objects, "controller")["volumeMounts"] if each["mountPath"] == str(path.parent)
    )
    (volume,) = (each for each in pod_of(objects)["volumes"] if each["name"] == mount["name"])
    (held,) = (
        item for item in of_kind(objects, "ConfigMap") if item["metadata"]["name"] == volume["configMap"]["name"]
    )
    text: str = held["data"][path.name]
    return text


def given_to_containers(objects: list[Object], field: str, value: Any) -> list[str]:
    """The names of the containers that have `value` in a list."""
    return [each["name"] for each in pod_of(objects)["containers"] if value in each.get(field, ())]
