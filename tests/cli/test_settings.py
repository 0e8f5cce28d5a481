"""What options become, and how `up` hands them on."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from iter8_gitops.cli.parts import controller
from iter8_gitops.cli.settings import command_words, controller_settings
from iter8_gitops.runtime.settings import ControllerSettings


def settings_of(*words: str) -> ControllerSettings:
    """The settings that `controller` would run with."""
    context = controller.make_context("controller", ["--state-dir", "state", *words])
    options = dict(context.params)
    return controller_settings(options.pop("location"), options.pop("state_dir"), options)


def test_the_defaults_are_a_cluster_of_manifests() -> None:
    settings = settings_of("routemaps")
    assert (settings.location, settings.cluster) == ("routemaps", "manifests")


def test_every_option_reaches_the_settings() -> None:
    settings = settings_of(
        *("--cluster", "kubernetes", "--context", "dev", "--instance", "blue", "--scope", "namespace"),
        *("--no-configmaps", "--no-leader-elect", "--lease-namespace", "system", "--lease-seconds", "4"),
        *("--no-finalizers", "--drain", "2.5", "--config", "iter8.yaml", "--kubeconfig", "k.yaml", "git"),
    )
    access = settings.access
    assert settings.cluster == "kubernetes"
    assert settings.config == Path("iter8.yaml")
    assert (access.kubeconfig, access.context, access.instance, access.scope) == ("k.yaml", "dev", "blue", "namespace")
    assert (access.configmaps, access.leader_elect, access.finalizers) == (False, False, False)
    assert (access.lease_namespace, access.lease_seconds, access.drain) == ("system", 4.0, 2.5)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--cluster", "kubernetes", "--no-configmaps", "--drain", "0", "--scope", "cluster"],
        ["--no-finalizers", "--no-leader-elect", "--path", "a/b", "--branch", "main", "--interval", "3"],
    ],
)
def test_the_controller_that_up_starts_means_the_same(words: list[str]) -> None:
    context = controller.make_context("controller", ["--state-dir", "state", *words, "git"])
    options = {name: value for name, value in context.params.items() if name not in {"location", "state_dir"}}
    assert settings_of(*command_words(options), "git") == settings_of(*words, "git")


@pytest.mark.parametrize("value", ["-1", "nan", "3601", "soon"])
def test_a_drain_time_that_makes_no_sense_is_refused(value: str) -> None:
    result = CliRunner().invoke(controller, ["--state-dir", "state", "--drain", value, "git"])
    assert result.exit_code == click.UsageError.exit_code
    assert "--drain" in result.output


def test_an_instance_must_be_fit_for_a_label_and_a_lease() -> None:
    result = CliRunner().invoke(controller, ["--state-dir", "state", "--instance", "Blue/Green", "git"])
    assert result.exit_code == click.UsageError.exit_code
    assert "'Blue/Green' is no valid name" in result.output
