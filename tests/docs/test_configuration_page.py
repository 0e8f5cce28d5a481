"""docs/configuration.md: its examples, used as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from iter8_gitops.hooks import Plugins, Resource, ResourceId
from iter8_gitops.runtime.configuration import Configuration, load_configuration
from iter8_gitops.runtime.configuration_schema import ConfigurationDocument, TypeDocument
from iter8_gitops.runtime.kind_resolver import KindResolver
from iter8_gitops.runtime.rules import bounded, expressions, ignored
from tests.runtime.rules.objects import view

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
_BEGINNINGS = tuple(f"{key}:" for key in ConfigurationDocument.keys())  # noqa: SIM118 - a method, not a mapping's
_EXAMPLES: list[str] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
CONFIGURATIONS = [each for each in _EXAMPLES if each.startswith(_BEGINNINGS)]
_TABLE = PAGE.partition("### Expressions")[2].partition("Expressions cannot take long")[0]
EXPRESSIONS = [each.replace("\\|", "|") for each in re.findall(r"^\| `(.*?)` \|", _TABLE, re.MULTILINE)]
KEYS = sorted({*ConfigurationDocument.keys(), *TypeDocument.keys()} - {"Resource", "Version"})
"""Those two stand in the row of Group."""


def loaded(example: str, folder: Path) -> Configuration:
    (folder / "config.yaml").write_text(example, encoding="utf-8")
    return load_configuration(folder / "config.yaml")


def plugins(example: str, folder: Path) -> Plugins:
    types = loaded(example, folder).resource_types
    return Plugins.load(extra=KindResolver(types, Plugins.load(), lambda group, plural: None).plugin())


def example_with(text: str) -> str:
    (found,) = (each for each in CONFIGURATIONS if text in each)
    return found


def resource(group: str, kind: str, **manifest: Any) -> Resource:
    return Resource(ResourceId(group, kind, "default", "a"), manifest)


@pytest.mark.parametrize("example", CONFIGURATIONS)
def test_every_configuration_can_be_loaded(example: str, tmp_path: Path) -> None:
    assert loaded(example, tmp_path) != Configuration()


def test_nothing_is_left_out() -> None:
    assert len(CONFIGURATIONS) >= 4
    assert len(EXPRESSIONS) == 6


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_described(key: str) -> None:
    assert re.search(rf"^\| `{key}`", PAGE, re.MULTILINE)


@pytest.mark.parametrize(
    ("status", "reason", "servable"),
    [
        ({"serviceStatus": "Running"}, "RuleReady", True),
        ({"serviceStatus": "Deploying", "numServeEndpoints": 1}, "RuleNotMet", True),
        ({"serviceStatus": "Deploying"}, "RuleNotMet", False),
        ({"serviceStatus": "Failed"}, "RuleFailed", False),
    ],
)
def test_the_first_example_judges_rayservices(
    status: dict[str, Any], reason: str, servable: bool, tmp_path: Path
) -> None:
    together = plugins(example_with("Kind: RayService"), tmp_path)

    found = together.readiness(resource("ray.io", "RayService", status=status)).readiness

    assert (found.reason, found.servable) == (reason, servable)


def test_the_override_goes_before_the_rule_for_deployments(tmp_path: Path) -> None:
    status = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 1}
    together = plugins(example_with("override: true"), tmp_path)

    assert together.readiness(resource("apps", "Deployment", status=status)).readiness.reason == "RuleReady"


def test_what_the_last_example_ignores_is_no_content(tmp_path: Path) -> None:
    spec = {
        "image": "a",
        "paused": True,
        "workers": [{"size": 1, "name": "w"}],
        "containers": [{"name": "web"}, {"name": "sidecar"}],
        "template": {"a": {"nodeName": "n"}},
        "tuning": {"example.com/last-step": 3},
    }
    together = plugins(example_with("Kind: Shop"), tmp_path)

    assert together.signature_content(resource("example.com", "Shop", spec=spec)).value == {
        "image": "a",
        "workers": [{"name": "w"}],
        "containers": [{"name": "web"}],
        "template": {"a": {}},
        "tuning": {},
    }


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_every_expression_of_the_page_holds_of_an_object(text: str) -> None:
    seen = view(
        metadata={"annotations": {"example.com/ready": "true"}},
        spec={"replicas": 1},
        status={
            "phase": "Running",
            "endpoint": "http://a",
            "conditions": [{"type": "Ready", "status": "True"}],
            "expires": "2026-06-01T00:00:00Z",
        },
    )
    assert expressions.compile_condition(text).holds(seen) is True


@pytest.mark.parametrize(
    "limit",
    [
        f"{expressions.LONGEST} characters",
        f"{expressions.MOST_LOOPS} loops",
        f"{bounded.MAX_DEPTH} levels deep",
        f"{bounded.MAX_VALUES:,} values",
        f"{bounded.MAX_LOOP_VALUES:,} values",
        f"{bounded.MAX_LOOP_ENTRIES} in one list or mapping",
        f"{bounded.MAX_TEXT:,} characters",
        f"or {bounded.MAX_LOOP_TEXT} for an expression that loops",
    ],
)
def test_the_limits_are_those_in_force(limit: str) -> None:
    assert limit in PAGE
    assert ignored.LONGEST == expressions.LONGEST
