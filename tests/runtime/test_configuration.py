"""Iter8's configuration file, as its users have it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from iter8_gitops.errors import ConfigurationError
from iter8_gitops.runtime.configuration import Configuration, ResourceType, load_configuration
from iter8_gitops.runtime.rules.rule import Rule

# As in the values of Iter8's Helm chart.
VALUES = """\
### Controller image
image: iter8/iter8:1.1
replicas: 1
defaultResync: 15m
# clusterScoped: true
resourceTypes:
  svc:
    Group: ""
    Version: v1
    Resource: services
  deploy:
    Group: apps
    Version: v1
    Resource: deployments
    conditions:
    - Available
  ksvc:
    Group: serving.knative.dev
    Version: v1
    Resource: services
    Kind: Service
    conditions: [Ready, RoutesReady, Ready]
logLevel: info
resources:
  requests: {memory: 64Mi, cpu: 250m}
metrics:
  port: 8080
"""

KEYS = "Group, Kind, Resource, Version, conditions, failed, ignore, message, override, ready, servable"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def problems(file: Path, text: str) -> list[str]:
    """What is wrong with a configuration, without the name of its file."""
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(file)
    return [line.removeprefix(f"{file}:").strip() for line in str(caught.value).splitlines()]


def in_config_map(text: str) -> str:
    indented = "".join(f"    {line}\n" for line in text.splitlines())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: iter8\ndata:\n  config.yaml: |\n{indented}"


def test_the_values_of_the_helm_chart_are_accepted_as_they_are(file: Path) -> None:
    file.write_text(VALUES)

    assert load_configuration(file) == Configuration(
        resource_types=(
            ResourceType("svc", "", "v1", "services", "", Rule(), f"{file}:7:3"),
            ResourceType("deploy", "apps", "v1", "deployments", "", Rule(("Available",)), f"{file}:11:3"),
            ResourceType(
                "ksvc",
                "serving.knative.dev",
                "v1",
                "services",
                "Service",
                Rule(("Ready", "RoutesReady")),
                f"{file}:17:3",
            ),
        ),
        resync_seconds=900.0,
        cluster_scoped=None,
    )


def test_a_type_is_called_as_custom_resource_definitions_are() -> None:
    assert str(ResourceType("svc", "", "v1", "services", "", Rule(), "")) == "services"
    assert str(ResourceType("ksvc", "serving.knative.dev", "v1", "services", "", Rule(), "")) == (
        "services.serving.knative.dev"
    )


def test_values_that_mean_nothing_here_are_ignored_with_one_line(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_text(VALUES)

    with caplog.at_level(logging.INFO, "iter8_gitops"):
        load_configuration(file)

    assert [record.getMessage() for record in caplog.records] == [
        f"{file}: these values mean nothing here and are ignored: image, logLevel, metrics, replicas, resources"
    ]


def test_the_configmap_of_an_installation_is_accepted(file: Path) -> None:
    file.write_text(in_config_map(VALUES))

    found = load_configuration(file)

    assert [each.short_name for each in found.resource_types] == ["svc", "deploy", "ksvc"]
    assert found.resource_types[0].place == f"{file}:13:7"


def test_it_is_found_among_the_other_manifests_of_an_installation(file: Path) -> None:
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {a: b}\n"
    file.write_text(f"{other}---\n{in_config_map(VALUES)}---\n{other}")

    assert len(load_configuration(file).resource_types) == 3


@pytest.mark.parametrize(("text", "scoped"), [("true", True), ("false", False), ("null", None)])
def test_the_scope_is_as_stated(text: str, scoped: bool | None, file: Path) -> None:
    file.write_text(f"clusterScoped: {text}\ndefaultResync: 30s\n")

    assert load_configuration(file) == Configuration(resync_seconds=30.0, cluster_scoped=scoped)


def a_type(rest: str) -> str:
    return f"resourceTypes:\n  a: {{Group: apps, Version: v1, Resource: deployments, {rest}}}\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            a_type("condition: [Ready]"),
            f"2:56: resourceTypes.a.condition is an unknown key (did you mean `conditions`? valid keys: {KEYS})",
        ),
        (
            "resourceTypes:\n  a: {Version: v1, Resource: pods, group: ''}\n",
            f"2:36: resourceTypes.a.group is an unknown key (did you mean `Group`? valid keys: {KEYS})",
        ),
        (a_type("conditions: Ready"), "2:68: resourceTypes.a.conditions must be a list, not text"),
        (a_type("conditions: ['']"), "2:69: resourceTypes.a.conditions[0] must not be empty"),
        (
            a_type("conditions: [{name: Ready, status: 'True'}]"),
            "2:69: resourceTypes.a.conditions[0] must be text, not a mapping",
        ),
        (
            a_type("Kind: a b"),
            "2:62: resourceTypes.a.Kind is no valid kind: `a b` (write it as manifests do, such as Deployment)",
        ),
        (
            "resourceTypes: {a: {Version: apps/v1, Resource: pods}}",
            "1:30: resourceTypes.a.Version is no valid version: `apps/v1` (write v1, v1beta1 or such)",
        ),
        (
            "resourceTypes: {a: {Version: v1, Resource: Pod}}",
            "1:44: resourceTypes.a.Resource is no valid resource: `Pod` "
            "(write the plural in lower case, such as deployments)",
        ),
        (
            "resourceTypes: {a: {Group: x/y, Version: v1, Resource: pods}}",
            '1:28: resourceTypes.a.Group is no valid API group: `x/y` (write it as in apiVersion; "" is core)',
        ),
        (
            "resourceTypes: {a: {Group: apps, Version: v1}}",
            "1:20: resourceTypes.a.Resource is missing (add it beside Group, Version)",
        ),
        ("resourceTypes: [a]", "1:16: resourceTypes must be a mapping, not a list"),
        (
            "defaultResync: 15 minutes",
            "1:16: defaultResync is no duration: `15 minutes` (write a duration such as 15m, 1h30m or 30s)",
        ),
        (
            "defaultResync: 15",
            "1:16: defaultResync must be text, not a whole number (write a duration such as 15m, 1h30m or 30s)",
        ),
        ("clusterScoped: maybe", "1:16: clusterScoped must be true or false, not text"),
        (
            "image: iter8\n",
            "1:1: holds none of resourceTypes, defaultResync, clusterScoped, notifiers, sources, promotion "
            "(is this the configuration of Iter8's controller?)",
        ),
        ("- a\n", "1:1: must be a mapping, not a list"),
        (
            "a: b: c\n",
            "1:5: not valid YAML: a `:` stands where no key can be "
            "(check the indentation; quote text that contains `: `)",
        ),
        (
            "",
            "the file is empty (keep one that is a ConfigMap with config.yaml, or that has resourceTypes itself)",
        ),
        (
            "a: 1\n---\nb: 1\n",
            "there are several documents "
            "(keep one that is a ConfigMap with config.yaml, or that has resourceTypes itself)",
        ),
        (in_config_map("a: 1\n---\nb: 1\n"), '6:16: data["config.yaml"] holds more than one document'),
        (in_config_map("# nothing\n"), '6:16: data["config.yaml"] is empty'),
        (
            in_config_map("image: x\ndefaultResync: 1x\n"),
            "8:20: defaultResync is no duration: `1x` (write a duration such as 15m, 1h30m or 30s)",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, problem: str, file: Path) -> None:
    assert problems(file, text) == [problem]


def test_all_mistakes_are_told_at_once(file: Path) -> None:
    text = "defaultResync: 1x\nresourceTypes:\n  a: {}\n  b: {Version: v1, Resource: Pods}\n"

    assert [each.partition(" ")[0] for each in problems(file, text)] == ["1:16:", "3:6:", "3:6:", "4:30:"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"cannot read the configuration {tmp_path}: is a directory"):
        load_configuration(tmp_path)
    with pytest.raises(ConfigurationError, match="missing: no such file or directory"):
        load_configuration(tmp_path / "missing")


def test_a_key_that_is_nearly_one_of_ours_is_a_mistake_and_not_somebody_elses(file: Path) -> None:
    assert problems(file, "defaultResync: 15m\nnotifier: []\n") == [
        "2:1: notifier is an unknown key (did you mean `notifiers`?)"
    ]
