"""Argo Rollouts."""

from __future__ import annotations

from iter8_gitops.hooks import ResourceKind, hookimpl

KIND = ResourceKind("argoproj.io", "v1alpha1", "Rollout", "rollouts", ("ro", "rollout"))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Rollout."""
    return [KIND]
