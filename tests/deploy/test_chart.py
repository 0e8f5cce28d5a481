"""The chart against Helm itself, where there is one; the golden renders stand for it elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import jsonschema
import pytest
import yaml

from tests.deploy.golden import CASES, CHART, golden, header, helm_template


@pytest.fixture
def helm() -> str:
    path = shutil.which("helm")
    if path is None:
        pytest.skip("there is no helm on the PATH; the golden renders are checked all the same")
    return path


@pytest.mark.parametrize("case", CASES)
def test_the_golden_render_is_of_this_chart(case: str) -> None:
    assert golden(case).startswith(header()), "the chart changed: run python -m tests.deploy.golden (needs helm)"


@pytest.mark.parametrize("case", CASES)
def test_helm_renders_the_golden(helm: str, case: str) -> None:
    assert header() + helm_template(helm, *CASES[case]) == golden(case)


def test_helm_finds_nothing_to_complain_about(helm: str) -> None:
    done = subprocess.run([helm, "lint", "--strict", str(CHART)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("replicas=0", "replicas"),
        ("scope=galaxy", "scope"),
        ("replica=2", "replica"),
        ("controller.workers=2", "workers"),
        ("git.url=https://me:secret@git.example.com/x", "git.url"),
        ("metricsStore.url=redis://me:secret@redis.example.com", "metricsStore.url"),
        ("metricsStore.secretName=redis", "metricsStore.secretName"),
        ("configMaps=false", "there would be no routemaps"),
        ("rbac.secret=true", "secret"),
        ("rbac.secrets=yes", "rbac.secrets"),
        ("controller.extraEnv[0].value=x", "extraEnv"),
    ],
)
def test_helm_refuses_wrong_values(helm: str, wrong: str, said: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        helm_template(helm, f"--set={wrong}")
    assert said in refused.value.stderr.replace("/", ".")


def test_the_default_values_satisfy_the_schema() -> None:
    _schema().validate(_values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope": "galaxy"},
        {"replicas": 0},
        {"replica": 2},
        {"image": {"digest": "latest"}},
        {"git": {"url": "https://me:secret@git.example.com/x"}},
        {"metricsStore": {"url": "redis://me:secret@redis.example.com"}},
        {"metricsStore": {"url": "redis://:secret@redis.example.com"}},
        {"metricsStore": {"password": "secret"}},
        {"config": {"resourceTypes": {"pod": {"Resource": "pods"}}}},
        {"extraResources": [{"group": "", "resources": ["*"]}]},
        {"http": {"resources": {"requests": {}, "limits": {}}}},
        {"http": {"extraEnv": []}},
        {"rbac": {"secret": True}},
        {"rbac": {"pods": "all"}},
        {"controller": {"extraEnv": [{"value": "x"}]}},
        {"controller": {"extraEnvFrom": [{"secretref": {"name": "x"}}]}},
        {"controller": {"extraEnvFrom": [{"prefix": "X_"}]}},
        {"controller": {"extraVolumes": [{"secret": {"secretName": "x"}}]}},
        {"controller": {"extraVolumeMounts": [{"name": "x"}]}},
    ],
)
def test_the_schema_refuses_wrong_values(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        _schema().validate(wrong)


def test_the_schema_leaves_the_rest_of_the_configuration_to_the_controller() -> None:
    kind = {"Version": "v1", "Resource": "certificates", "anything": {"else": True}}
    _schema().validate({"config": {"resourceTypes": {"cert": kind}, "anything": [{"else": True}]}})


def test_every_value_is_known_to_the_schema() -> None:
    known = _schema().schema["properties"]
    assert set(_values()) | {"global"} == set(known)
    for name, section in known.items():
        if section.get("additionalProperties") is False:
            assert set(_values()[name]) == set(section["properties"]), name


def test_versions_agree() -> None:
    from iter8_gitops import __version__

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    base = yaml.safe_load((CHART.parents[1] / "kustomize" / "base" / "kustomization.yaml").read_text())
    assert chart["appVersion"] == chart["version"] == base["images"][0]["newTag"] == __version__


def _schema() -> Any:
    return jsonschema.Draft7Validator(json.loads((CHART / "values.schema.json").read_text()))


def _values() -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    return values
