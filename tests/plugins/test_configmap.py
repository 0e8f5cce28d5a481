from __future__ import annotations

import pytest

from iter8_gitops.hooks import Plugins, ReadinessState
from tests.plugins.objects import edited, sample

PLUGIN = "iter8-gitops:configmap"


def test_an_existing_config_map_is_ready(plugins: Plugins) -> None:
    verdict = plugins.readiness(sample("configmap-existing"))
    found = verdict.readiness
    assert (found.state, found.servable, found.current) == (ReadinessState.READY, True, True)
    assert (found.reason, found.fields, verdict.plugin) == ("Exists", (), PLUGIN)


def test_a_config_map_that_is_being_deleted_is_not(plugins: Plugins) -> None:
    found = plugins.readiness(sample("configmap-terminating")).readiness
    assert (found.state, found.servable) == (ReadinessState.TERMINATING, False)


@pytest.mark.parametrize(
    ("path", "value"),
    [(("data", "threshold"), "0.8"), (("data", "new"), ""), (("binaryData", "table.bin"), "AAED")],
)
def test_the_signature_moves_with_the_data(path: tuple[str, ...], value: object, plugins: Plugins) -> None:
    resource = sample("configmap-existing")
    assert plugins.signature_content(resource) != plugins.signature_content(edited(resource, *path, to=value))


@pytest.mark.parametrize("path", [("metadata", "labels"), ("metadata", "annotations"), ("status",)])
def test_the_signature_stays_when_metadata_changes(path: tuple[str, ...], plugins: Plugins) -> None:
    resource = sample("configmap-existing")
    changed = edited(resource, *path, to={"team": "ml"})
    assert plugins.signature_content(resource) == plugins.signature_content(changed)
