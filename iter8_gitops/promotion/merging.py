"""What the primary's manifest is to say after a promotion: the candidate's content and its own identity. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from iter8_gitops.promotion.identity import VERSION_LABEL, is_kept_by_tools, names_its_object
from iter8_gitops.promotion.text.values import same
from iter8_gitops.spec.content import SCALE_FIELDS
from iter8_gitops.spec.resource import Resource

_OWN = frozenset({"apiVersion", "kind", "metadata", "status"})
_COMPONENTS = ("predictor", "transformer", "explainer")
_ADDRESSES = ("clusterIP", "clusterIPs", "loadBalancerIP", "healthCheckNodePort")
_FIXED: dict[str, tuple[str, ...]] = {
    "StatefulSet": ("selector", "serviceName"),
    "Service": ("selector", *_ADDRESSES),
}
"""What of a spec belongs to the object that is there, by kind; `selector` for every other kind."""

Differ = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
"""Whether two manifests of one object differ in what counts as content."""


@dataclass(slots=True)
class _Kept:
    """Where the primary's value stays although the candidate has another."""

    paths: list[str] = field(default_factory=list)

    def prefer(self, wanted: dict[str, Any], primary: Mapping[str, Any], key: str, path: str) -> None:
        """Put the primary's value of `key`, or its absence, into `wanted`."""
        if key in primary and not (key in wanted and same(wanted[key], primary[key])):
            wanted[key] = primary[key]
            self.paths.append(path)
        elif key not in primary and key in wanted:
            del wanted[key]
            self.paths.append(path)


@dataclass(frozen=True, slots=True)
class Merged:
    """The manifest that is wanted, and the paths at which the primary keeps what the candidate has otherwise."""

    manifest: dict[str, Any]
    kept: tuple[str, ...]


def merged(primary: Resource, candidate: Resource, pinned: frozenset[str], differ: Differ) -> Merged:
    """The manifest of `primary` with the content of `candidate`, in which references are renamed already.

    `pinned` are the keys of labels that others select by. Labels and annotations that only the primary has stay,
    except where they are content.
    """
    kept = _Kept()
    wanted = {key: value for key, value in primary.manifest.items() if key in _OWN}
    wanted["apiVersion"] = candidate.manifest["apiVersion"]
    wanted |= {key: value for key, value in candidate.manifest.items() if key not in _OWN}
    if isinstance(wanted.get("spec"), dict):
        wanted["spec"] = _spec(primary, wanted["spec"], pinned, kept)
    metadata = dict(primary.metadata)
    for section in ("labels", "annotations"):
        entries = _entries(primary, candidate, section, pinned, kept)
        if entries != primary.section("metadata", section):
            metadata[section] = entries
    wanted["metadata"] = metadata
    return Merged(_in_order(_without_leftovers(wanted, candidate, differ), primary), tuple(kept.paths))


def _spec(primary: Resource, candidate: dict[str, Any], pinned: frozenset[str], kept: _Kept) -> dict[str, Any]:
    spec = dict(candidate)
    for key in _FIXED.get(primary.id.kind, ("selector",)):
        kept.prefer(spec, primary.spec, key, f"spec.{key}")
    _keep_scale(spec, primary.spec, "spec", kept)
    for name in _COMPONENTS:
        if isinstance(spec.get(name), dict):
            spec[name] = dict(spec[name])
            _keep_scale(spec[name], primary.section("spec", name), f"spec.{name}", kept)
    if primary.id.kind == "Service":
        _keep_node_ports(spec, primary, kept)
    labels = _labels_of_pods(primary, candidate, pinned, kept)
    if labels is not None:
        template = spec["template"]
        spec["template"] = {**template, "metadata": {**template["metadata"], "labels": labels}}
    return spec


def _keep_scale(spec: dict[str, Any], own: Mapping[str, Any], path: str, kept: _Kept) -> None:
    """The primary was made large enough for the traffic that it takes; the candidate for its share of it."""
    for key in sorted(SCALE_FIELDS):
        if not isinstance(spec.get(key), (dict, list)) and not isinstance(own.get(key), (dict, list)):
            kept.prefer(spec, own, key, f"{path}.{key}")


def _labels_of_pods(
    primary: Resource, candidate: dict[str, Any], pinned: frozenset[str], kept: _Kept
) -> dict[str, Any] | None:
    """The labels of a pod template: those that pods are selected by stay; None when there are none."""
    found: Any = candidate
    for step in ("template", "metadata", "labels"):
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return None
    labels = dict(found)
    own = primary.section("spec", "template", "metadata", "labels")
    for key in sorted(pinned):
        kept.prefer(labels, own, key, f'spec.template.metadata.labels."{key}"')
    return labels


def _keep_node_ports(spec: dict[str, Any], primary: Resource, kept: _Kept) -> None:
    """Clients of the primary know its ports on the nodes; the port of the same name, or else place, keeps it."""
    ports, own = spec.get("ports"), primary.spec.get("ports")
    if not isinstance(ports, list) or not isinstance(own, list):
        return
    spec["ports"] = copies = [dict(port) if isinstance(port, dict) else port for port in ports]
    named = {port["name"]: port for port in own if isinstance(port, dict) and isinstance(port.get("name"), str)}
    for index, port in enumerate(copies):
        if isinstance(port, dict):
            before = named.get(port.get("name", ""), own[index] if index < len(own) else {})
            if isinstance(before, dict):
                kept.prefer(port, before, "nodePort", f"spec.ports[{index}].nodePort")


def _entries(
    primary: Resource, candidate: Resource, section: str, pinned: frozenset[str], kept: _Kept
) -> dict[str, Any]:
    """The labels, or the annotations, of the object itself."""
    own, others = primary.section("metadata", section), candidate.section("metadata", section)
    entries = dict(own)
    for key, value in others.items():
        if is_kept_by_tools(key) or (key in own and same(own[key], value)):
            continue
        is_identity = names_its_object(key, value, candidate.id.name) or (key in pinned and key != VERSION_LABEL)
        if section == "labels" and is_identity:
            kept.paths.append(f'metadata.labels."{key}"')
        else:
            entries[key] = value
    return entries


def _without_leftovers(wanted: dict[str, Any], candidate: Resource, differ: Differ) -> dict[str, Any]:
    """Without the labels and annotations that only the primary had, and that are content."""
    for section in ("annotations", "labels"):
        for key in sorted(wanted["metadata"].get(section) or {}):
            if key in candidate.section("metadata", section) or is_kept_by_tools(key):
                continue
            entries = {name: value for name, value in wanted["metadata"][section].items() if name != key}
            without = {**wanted, "metadata": {**wanted["metadata"], section: entries}}
            if differ(wanted, without):
                wanted = without
    return wanted


def _in_order(wanted: dict[str, Any], primary: Resource) -> dict[str, Any]:
    """With the keys that the primary has in their order."""
    return {key: wanted[key] for key in (*primary.manifest, *wanted) if key in wanted}
