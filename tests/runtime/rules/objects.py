"""Objects for rules, and rules from their texts."""

from __future__ import annotations

from typing import Any

from iter8_gitops.hooks import Resource, ResourceId
from iter8_gitops.runtime.rules.expressions import compile_condition, compile_wording
from iter8_gitops.runtime.rules.ignored import compile_path
from iter8_gitops.runtime.rules.rule import Rule
from iter8_gitops.runtime.rules.view import ObjectView

IDENTITY = ResourceId("ray.io", "RayService", "default", "llm")


def resource(**manifest: Any) -> Resource:
    return Resource(IDENTITY, manifest)


def view(**manifest: Any) -> ObjectView:
    return ObjectView(resource(**manifest))


def rule(
    *conditions: str,
    ready: str = "",
    failed: str = "",
    servable: str = "",
    message: str = "",
    override: bool = False,
    ignore: tuple[str, ...] = (),
) -> Rule:
    return Rule(
        conditions=conditions,
        ready=compile_condition(ready) if ready else None,
        failed=compile_condition(failed) if failed else None,
        servable=compile_condition(servable) if servable else None,
        message=compile_wording(message) if message else None,
        override=override,
        ignore=tuple(compile_path(path) for path in ignore),
    )
