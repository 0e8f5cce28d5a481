"""Kubernetes objects that are no routemaps."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from iter8_gitops.spec.complaints import complaints_of
from iter8_gitops.spec.documents import Document
from iter8_gitops.spec.manifests import WatchedObject
from iter8_gitops.spec.names import group_of
from iter8_gitops.spec.problem import Problem
from iter8_gitops.spec.resource import WATCH_LABEL, Resource, ResourceId


@dataclass(frozen=True, slots=True)
class DecodedResource:
    """A Kubernetes object that is no routemap, and the line (from 1) where it begins.

    `namespaced_by_manifest` says that the manifest itself states the namespace. `watched` says that
    the object carries the label `iter8.tools/watch: "true"`.
    """

    resource: Resource
    namespaced_by_manifest: bool
    watched: bool
    line: int


def decode_object(document: Document, default_namespace: str | None = None) -> DecodedResource | list[Problem]:
    """The Kubernetes object in `document`, or what is wrong with it when it carries the watch label.

    Anything that is no Kubernetes object, or is malformed and not labelled, gives an empty list.
    """
    data = document.data
    metadata = data.get("metadata") if isinstance(data, dict) else None
    if not isinstance(metadata, dict):
        return []
    labels = metadata.get("labels")
    watch = labels.get(WATCH_LABEL) if isinstance(labels, dict) else None
    if watch is not None:
        problems = _problems(document)
        if problems:
            return problems
    api_version, kind, name = data.get("apiVersion"), data.get("kind"), metadata.get("name")
    if not (isinstance(api_version, str) and isinstance(kind, str) and isinstance(name, str) and name):
        return []
    own = metadata.get("namespace")
    namespace = own if isinstance(own, str) else ""
    identity = ResourceId(group_of(api_version), kind, namespace or default_namespace or "", name)
    return DecodedResource(Resource(identity, data), bool(namespace), watch == "true", document.position()[0])


def _problems(document: Document) -> list[Problem]:
    try:
        WatchedObject.model_validate(document.data)
    except ValidationError as error:
        return [complaint.problem(document) for complaint in complaints_of(error, WatchedObject)]
    return []
