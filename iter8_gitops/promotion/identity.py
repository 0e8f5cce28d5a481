"""What makes an object the one it is, beside its name: labels that others select it or its pods by. Pure.

Kubernetes refuses to change the selector of a workload, and a Service that selects pods by labels loses them when
the labels go to the candidate's values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from iter8_gitops.spec.resource import Resource

VERSION_LABEL = "app.kubernetes.io/version"
_NAMING_LABELS = frozenset({"app.kubernetes.io/name", "app.kubernetes.io/instance"})
_TOOLS = (
    "iter8.tools/",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "reconcile.fluxcd.io/",
    "helm.sh/",
    "meta.helm.sh/",
    "config.kubernetes.io/",
    "kubectl.kubernetes.io/",
    "app.kubernetes.io/managed-by",
)
"""What labels and annotations begin with that say how an object is kept, not what it is."""


def selector_keys(resource: Resource) -> frozenset[str]:
    """The label keys that the selectors of an object name."""
    return frozenset(key for selector in _selectors(resource) for key in _keys(selector))


def pod_labels(resource: Resource) -> Mapping[str, Any]:
    """The labels of the pods that a workload makes."""
    return resource.section("spec", "template", "metadata", "labels")


def pinned_keys(resource: Resource, others: Iterable[Resource]) -> frozenset[str]:
    """The label keys of the pods of `resource` that it selects them by itself, or one of the `others` does."""
    found = set(selector_keys(resource))
    labels = pod_labels(resource)
    for other in others:
        if labels and _is_beside(other, resource):
            found.update(*(_keys(each) for each in _selectors(other) if _matches(each, labels)))
    return frozenset(found)


def is_kept_by_tools(key: str) -> bool:
    """Whether a label or annotation says how an object is kept: its own stays, and another's does not come."""
    return key.startswith(_TOOLS)


def names_its_object(key: str, value: Any, name: str) -> bool:
    """Whether a label says which object of several this is."""
    return key in _NAMING_LABELS or value == name


def _is_beside(other: Resource, resource: Resource) -> bool:
    """Whether both may be in one namespace; a manifest that states none may be anywhere."""
    namespaces = {other.id.namespace, resource.id.namespace} - {""}
    return len(namespaces) <= 1


def _selectors(resource: Resource) -> Iterator[Mapping[str, Any]]:
    for name in ("selector", "podSelector"):
        selector = resource.section("spec", name)
        if selector:
            yield selector
    subsets = resource.spec.get("subsets")
    for subset in subsets if isinstance(subsets, list) else ():
        if isinstance(subset, Mapping) and isinstance(subset.get("labels"), Mapping):
            yield subset["labels"]


def _is_structured(selector: Mapping[str, Any]) -> bool:
    return "matchLabels" in selector or "matchExpressions" in selector


def _keys(selector: Mapping[str, Any]) -> frozenset[str]:
    if not _is_structured(selector):
        return frozenset(key for key, value in selector.items() if isinstance(value, str))
    labels, expressions = selector.get("matchLabels"), selector.get("matchExpressions")
    found = set(labels) if isinstance(labels, Mapping) else set()
    for expression in expressions if isinstance(expressions, list) else ():
        if isinstance(expression, Mapping) and isinstance(expression.get("key"), str):
            found.add(expression["key"])
    return frozenset(found)


def _matches(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether a selector may select these labels; expressions are taken to."""
    exact = selector.get("matchLabels", {}) if _is_structured(selector) else selector
    if not isinstance(exact, Mapping):
        return False
    return bool(exact or "matchExpressions" in selector) and all(
        labels.get(key) == value for key, value in exact.items() if isinstance(value, str)
    )
