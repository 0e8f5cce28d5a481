"""Secrets: one that exists serves what it holds. What it holds is its content, which is told as a digest only."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from iter8_gitops.hooks import JsonValue, Readiness, Resource, ResourceKind, early_verdict, hookimpl

KIND = ResourceKind("", "v1", "Secret", "secrets", ("secret",))


@hookimpl
def resource_kinds() -> list[ResourceKind]:
    """Secret."""
    return [KIND]


@hookimpl
def readiness(resource: Resource) -> Readiness | None:
    """Existing is ready."""
    if not _is_secret(resource):
        return None
    # A Secret has no status that could lag behind.
    return early_verdict(resource, servable=True) or Readiness.ready(
        "Exists", "it exists, which is all that a Secret needs", current=True
    )


@hookimpl
def signature_content(resource: Resource) -> JsonValue | None:
    """The SHA-256 of the data, never the data. `stringData` counts as the data that the API server makes of it."""
    if not _is_secret(resource):
        return None
    data = {key: _canonical(value) for key, value in _texts(resource.section("data"))}
    data |= {
        key: _encoded(value.encode("utf-8", "surrogatepass")) for key, value in _texts(resource.section("stringData"))
    }
    return {"data": hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()}


def _texts(section: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((key, value) for key, value in section.items() if isinstance(key, str) and isinstance(value, str))


def _canonical(value: str) -> str:
    """Base64 as the API server prints it; people break it into lines. What is not base64 stays as it is."""
    try:
        return _encoded(base64.b64decode("".join(value.split()), validate=True))
    except ValueError:
        return value


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _is_secret(resource: Resource) -> bool:
    return (resource.id.group, resource.id.kind) == (KIND.group, KIND.kind)
