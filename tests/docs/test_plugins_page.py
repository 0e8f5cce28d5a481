"""The plugin that docs/plugins.md shows, run as it stands there."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest

from iter8_gitops.hooks import Hooks, Plugins, Resource, ResourceId

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")


@pytest.fixture
def plugins() -> Plugins:
    (source,) = re.findall(r"```python\n# iter8_certificates\.py\n(.*?)```", PAGE, re.DOTALL)
    module = types.ModuleType("iter8_certificates")
    exec(compile(source, "docs/plugins.md", "exec"), module.__dict__)
    return Plugins.load(extra={"certificates": module})


def certificate(*conditions: dict[str, str]) -> Resource:
    identity = ResourceId("cert-manager.io", "Certificate", "shop", "web")
    return Resource(identity, {"spec": {"dnsNames": ["a"]}, "status": {"conditions": list(conditions)}})


def test_the_example_loads_and_adds_its_kind(plugins: Plugins) -> None:
    assert plugins.failures == ()
    assert "cert" in [name for kind in plugins.kinds() for name in kind.short_names]


def test_the_example_answers_for_its_kind_before_the_generic_rule(plugins: Plugins) -> None:
    assert plugins.readiness(certificate({"type": "Ready", "status": "True"})).readiness.reason == "Issued"
    assert plugins.readiness(certificate()).readiness.reason == "NoStatus"
    assert plugins.signature_content(certificate()).value == {"dnsNames": ["a"]}
    assert "certificates" in plugins.readiness(certificate()).plugin


def test_every_hook_is_documented() -> None:
    hooks = [name for name in vars(Hooks) if not name.startswith("_")]
    assert len(hooks) >= 4
    assert [name for name in hooks if f"| `{name}(" not in PAGE] == []
