"""Which documents are routemaps, and which were meant to be."""

from __future__ import annotations

from enum import Enum
from typing import Any

from iter8_gitops.spec.complaints import Complaint
from iter8_gitops.spec.manifests import ConfigMapManifest, Manifest, NativeManifest
from iter8_gitops.spec.wording import abridged, nearest

API_VERSION = "iter8.tools/v1"
KIND = "Routemap"
KIND_LABEL = "iter8.tools/kind"
KIND_LABEL_VALUE = "routemap"


class Form(Enum):
    """The two forms of a routemap document."""

    NATIVE = "native"
    CONFIG_MAP = "ConfigMap"

    @property
    def model(self) -> type[Manifest]:
        """The schema of everything around the spec."""
        return NativeManifest if self is Form.NATIVE else ConfigMapManifest


def recognise(data: Any) -> Form | Complaint | None:
    """The form of a routemap document; what is wrong with a document that nearly is one; None for any other."""
    if not isinstance(data, dict):
        return None
    api_version, kind = data.get("apiVersion"), data.get("kind")
    if api_version == API_VERSION:
        if kind == KIND:
            return Form.NATIVE
        return Complaint(("kind",), _instead(kind, f"no kind of {API_VERSION}"), f"write kind: {KIND}")
    if isinstance(kind, str) and kind.lower() == KIND.lower() and _nearly_ours(api_version):
        return Complaint(("apiVersion",), _instead(api_version, "not supported"), f"write apiVersion: {API_VERSION}")
    return _labelled(data, api_version, kind)


def _labelled(data: dict[str, Any], api_version: Any, kind: Any) -> Form | Complaint | None:
    metadata = data.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    if not isinstance(labels, dict) or KIND_LABEL not in labels:
        return None
    value, path = labels[KIND_LABEL], ("metadata", "labels", KIND_LABEL)
    if (api_version, kind) == ("v1", "ConfigMap"):
        if value == KIND_LABEL_VALUE:
            return Form.CONFIG_MAP
        hint = f"write {KIND_LABEL}: {KIND_LABEL_VALUE}, or remove the label"
        return Complaint(path, _instead(value, "not supported"), hint)
    if value == KIND_LABEL_VALUE:
        hint = "write apiVersion: v1 and kind: ConfigMap, or remove the label"
        return Complaint(path, "marks a routemap, but this is no ConfigMap", hint)
    return None


def _nearly_ours(api_version: Any) -> bool:
    if api_version is None:
        return True
    group = str(api_version).partition("/")[0]
    return nearest(group, ["iter8.tools"]) is not None


def _instead(value: Any, verdict: str) -> str:
    return "is missing" if value is None else f"is `{abridged(str(value))}`, which is {verdict}"
