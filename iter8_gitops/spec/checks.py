"""Rules of a spec that span several values, or need the known kinds.

They look at the spec as it was written, and pass over whatever the schema complains of anyway, so that
a person learns of everything at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from iter8_gitops.spec.complaints import Complaint, dotted
from iter8_gitops.spec.documents import Step
from iter8_gitops.spec.experiment_checks import check_experiment
from iter8_gitops.spec.fields import items_of
from iter8_gitops.spec.kinds import KindTable
from iter8_gitops.spec.names import group_of
from iter8_gitops.spec.problem import Code
from iter8_gitops.spec.resource import ResourceId
from iter8_gitops.spec.schema import NAME_THE_KIND, ResourceSpec
from iter8_gitops.spec.wording import abridged

_RESOURCE_KEYS = frozenset(ResourceSpec.keys())


def check_spec(
    spec: Mapping[str, Any], kinds: KindTable, namespace: str, scope: str | None = None
) -> Iterator[Complaint]:
    """Everything that breaks a rule.

    `namespace` is the routemap's, where resources without one are. With a `scope`, resources may state no other
    namespace than that.
    """
    yield from _version_names(spec)
    for index, version in items_of(spec.get("versions")):
        path = ("versions", index, "resources")
        yield from _resources(path, version, kinds, namespace)
        if scope is not None:
            yield from _outside_resources(path, version, scope)
    templates = spec.get("routingTemplates")
    for name, template in templates.items() if isinstance(templates, dict) else ():
        if not name:
            yield Complaint(("routingTemplates", name), "is empty: a template needs a name", at_key=True)
        if isinstance(template, dict):
            yield from _short_name(("routingTemplates", name, "gvrShort"), template.get("gvrShort"), kinds)
    yield from check_experiment(spec, [name for _, name in _names_of_versions(spec)])


def check_scope(metadata: Mapping[str, Any], namespace: str, scope: str) -> Iterator[Complaint]:
    """Whether a routemap in `namespace` is within `scope`, a namespace. `metadata` is the routemap's own."""
    if namespace == scope:
        return
    stated = isinstance(metadata.get("namespace"), str)
    said = "is" if stated else "is not stated, so that it is"
    hint = f"run the controller with --scope cluster, or move the routemap to `{scope}`"
    yield Complaint(("metadata", "namespace"), f"{said} {_outside(namespace, scope)}", hint, code=Code.SCOPE)


def stated_namespaces(spec: Any) -> set[str]:
    """The namespaces that the resources of a spec state, as far as it can be read."""
    versions = items_of(spec.get("versions") if isinstance(spec, dict) else None)
    resources = (resource for _, version in versions for _, resource in items_of(version.get("resources")))
    stated = (resource.get("namespace") for resource in resources)
    return {namespace for namespace in stated if isinstance(namespace, str)}


def states_every_namespace(spec: Any) -> bool:
    """Whether `stated_namespaces` has missed none, for want of a misspelt key or a list that is none."""
    versions = spec.get("versions") if isinstance(spec, dict) else None
    return isinstance(versions, list) and all(
        isinstance(version, dict)
        and isinstance(version.get("resources"), list)
        and all(_is_readable(resource) for resource in version["resources"])
        for version in versions
    )


def default_version_name(index: int) -> str:
    """The name of a version that has none of its own."""
    return f"v{index}"


def group_and_kind(
    short: str | None, api_version: str | None, kind: str | None, kinds: KindTable
) -> tuple[str, str] | None:
    """API group and kind of a resource, by `gvrShort` or by `apiVersion` and `kind`; None if neither tells."""
    if short is not None:
        known = kinds.by_short_name(short)
        return (known.group, known.kind) if known else None
    return (group_of(api_version), kind) if api_version is not None and kind is not None else None


def _is_readable(resource: Any) -> bool:
    if not isinstance(resource, dict) or not _RESOURCE_KEYS.issuperset(resource):
        return False
    return isinstance(resource.get("namespace"), str | None)


def _version_names(spec: Mapping[str, Any]) -> Iterator[Complaint]:
    used: dict[str, int] = {}
    stated = {index: version.get("name") for index, version in items_of(spec.get("versions"))}
    for index, name in _names_of_versions(spec):
        first = used.setdefault(name, index)
        if first != index:
            said = f"has the name of versions[{first}]: `{abridged(name)}`"
            hint = "names must differ; a version without a name is called v0, v1, .. by its place"
            path = ("versions", index) if stated[index] is None else ("versions", index, "name")
            yield Complaint(path, said, hint, code=Code.DUPLICATE)


def _names_of_versions(spec: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Index and name of each version that has a usable one."""
    for index, version in items_of(spec.get("versions")):
        stated = version.get("name")
        name = default_version_name(index) if stated is None else stated
        if isinstance(name, str):
            yield index, name


def _resources(
    path: tuple[Step, ...], version: Mapping[str, Any], kinds: KindTable, namespace: str
) -> Iterator[Complaint]:
    seen: dict[ResourceId, int] = {}
    for index, resource in items_of(version.get("resources")):
        here = (*path, index)
        yield from _kind(here, resource, kinds)
        identity = _resource_id(resource, kinds, namespace)
        if identity is None:
            continue
        first = seen.setdefault(identity, index)
        if first != index:
            said = f"is the same object as {dotted('', (*path, first))}: {abridged(str(identity))}"
            yield Complaint(here, said, "name each object once in a version", code=Code.DUPLICATE)


def _outside_resources(path: tuple[Step, ...], version: Mapping[str, Any], scope: str) -> Iterator[Complaint]:
    for index, resource in items_of(version.get("resources")):
        stated = resource.get("namespace")
        if isinstance(stated, str) and stated != scope:
            hint = f"run the controller with --scope cluster, or name resources of `{scope}`"
            yield Complaint((*path, index, "namespace"), f"is {_outside(stated, scope)}", hint, code=Code.SCOPE)


def _outside(namespace: str, scope: str) -> str:
    return f"`{abridged(namespace)}`, outside of this controller's namespace `{scope}`"


def _resource_id(resource: Mapping[str, Any], kinds: KindTable, namespace: str) -> ResourceId | None:
    stated = {key: value for key, value in resource.items() if isinstance(value, str)}
    kind = group_and_kind(stated.get("gvrShort"), stated.get("apiVersion"), stated.get("kind"), kinds)
    if kind is None or "name" not in stated:
        return None
    return ResourceId(*kind, stated.get("namespace", namespace), stated["name"])


def _kind(path: tuple[Step, ...], resource: Mapping[str, Any], kinds: KindTable) -> Iterator[Complaint]:
    short, api_version, kind = (resource.get(key) for key in ("gvrShort", "apiVersion", "kind"))
    if short is not None:
        yield from _short_name((*path, "gvrShort"), short, kinds)
        if api_version is not None or kind is not None:
            extra = "apiVersion" if api_version is not None else "kind"
            yield Complaint((*path, extra), "stands beside gvrShort", f"keep one: {NAME_THE_KIND}", at_key=True)
    elif api_version is None and kind is None:
        yield Complaint(path, "does not say which kind it is", NAME_THE_KIND, code=Code.MISSING_KEY)
    elif api_version is None or kind is None:
        missing = "apiVersion" if api_version is None else "kind"
        yield Complaint((*path, missing), "is missing", NAME_THE_KIND, code=Code.MISSING_KEY)
    elif isinstance(api_version, str) and isinstance(kind, str):
        meant = kinds.spelled_like(group_of(api_version), kind)
        if meant is not None:
            said, hint = f"is no known kind: `{abridged(kind)}`", f"did you mean `{meant.kind}`?"
            yield Complaint((*path, "kind"), said, hint, code=Code.UNKNOWN_KIND)


def _short_name(path: tuple[Step, ...], short: Any, kinds: KindTable) -> Iterator[Complaint]:
    awaited = kinds.pending(short) if isinstance(short, str) else None
    if awaited is not None:
        said = f"is `{abridged(short)}`, which is configured as {awaited}, but the cluster does not serve it yet"
        hint = "install its CustomResourceDefinition, or state its Kind in resourceTypes"
        yield Complaint(path, said, hint, code=Code.UNKNOWN_KIND)
    elif isinstance(short, str) and kinds.by_short_name(short) is None:
        said, hint = f"is no known kind: `{abridged(short)}`", kinds.unknown_name_hint(short)
        yield Complaint(path, said, hint, code=Code.UNKNOWN_KIND)
