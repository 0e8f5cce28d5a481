"""Routes: what routing templates are given, and the objects that their text becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.routemap import RenderedRoute, Routemap, RoutingTemplate
from iter8_gitops.spec.snapshot import VersionState
from iter8_gitops.spec.yaml import read_documents

Render = Callable[[str, str, Mapping[str, Any]], str]
"""(engine, template, data) -> text. Raises `TemplateError` with a message for the template's author."""


class _PlainDumper(yaml.SafeDumper):
    """Writes values in full, where the template shared them with anchors and aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Never use an alias."""
        return True


def template_data(
    routemap: Routemap, versions: tuple[VersionState, ...], short_names: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    """What a routing template sees, by the names that Iter8's templates use.

    `short_names` maps (group, kind) to the `gvrShort` of a resource.
    """
    return {
        "Name": routemap.name,
        "Namespace": routemap.namespace,
        "Labels": dict(routemap.labels),
        "Annotations": dict(routemap.annotations),
        "Weights": [version.weight for version in versions],
        "Versions": [
            {
                "Name": version.name,
                "Weight": version.declared_weight,
                "Signature": version.signature,
                "Resources": [
                    {
                        "GVRShort": short_names.get((resource.group, resource.kind), resource.kind.lower()),
                        "Name": resource.name,
                        "Namespace": resource.namespace,
                    }
                    for resource in version.resources
                ],
            }
            for version in versions
        ],
    }


def parse_route(routemap: Routemap, template: RoutingTemplate, text: str) -> RenderedRoute | str | None:
    """The object in rendered `text`; None when the template rendered nothing; a sentence when it cannot be used."""
    reading = read_documents(template.name, text.encode())
    if reading.problems:
        first = reading.problems[0]
        return f"line {first.line} of what it rendered: {first.message}"
    documents = reading.documents
    if not documents:
        return None
    if len(documents) > 1:
        return f"rendered {len(documents)} objects, where one is allowed"
    manifest = documents[0].data
    if not isinstance(manifest, dict):
        return "rendered something that is not an object"
    written = manifest.get("metadata")
    metadata = written if isinstance(written, dict) else {}
    api_version, kind, name = manifest.get("apiVersion"), manifest.get("kind"), metadata.get("name")
    if not (isinstance(api_version, str) and isinstance(kind, str) and isinstance(name, str) and name):
        return "rendered an object without apiVersion, kind or metadata.name"
    group = api_version.rpartition("/")[0]
    if template.target_kind not in {("", ""), (group, kind)}:
        wanted_group, wanted_kind = template.target_kind
        return f"rendered {kind} of group {group!r}, but its gvrShort says {wanted_kind} of group {wanted_group!r}"
    namespace = metadata.get("namespace") or routemap.namespace
    complete = {**manifest, "metadata": {**metadata, "namespace": namespace}}
    return RenderedRoute(
        template=template.name,
        group=group,
        kind=kind,
        namespace=str(namespace),
        name=name,
        text=yaml.dump(complete, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=10_000),
        force_conflicts=template.force_conflicts,
    )


def template_problem(application: str, path: str, template: RoutingTemplate, message: str) -> Problem:
    """The problem of one routing template; the others, and the last good route of this one, stay."""
    return Problem(
        file=path,
        line=0,
        column=0,
        message=f"routing template {template.name!r}: {message}",
        hint="its last good route stays in force",
        application=application,
        code=Code.ROUTING_TEMPLATE,
    )
