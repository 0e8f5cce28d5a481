"""The objects that a reflector has seen, and what changes in them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from iter8_gitops.kube.client import JsonObject

Key = tuple[str, str]
"""(namespace, name)."""


@dataclass(frozen=True, slots=True)
class Change:
    """An object before and after: None before it was there, and after it was deleted.

    Of a deletion that was seen as it happened, `before` is the object as it was in the end.
    """

    before: JsonObject | None
    after: JsonObject | None


class Store:
    """Objects by namespace and name, as `transform` makes them. Any thread may read, one writes."""

    def __init__(self, transform: Callable[[JsonObject], JsonObject]) -> None:
        self._transform = transform
        self._lock = threading.Lock()
        self._objects: dict[Key, JsonObject] = {}

    def get(self, namespace: str, name: str) -> JsonObject | None:
        """Return one object, or None."""
        with self._lock:
            return self._objects.get((namespace, name))

    def objects(self) -> list[JsonObject]:
        """Return all objects."""
        with self._lock:
            return list(self._objects.values())

    def replace_all(self, objects: Sequence[JsonObject]) -> list[Change]:
        """Hold exactly these from now on; return what changed, deletions first."""
        before = self._objects
        after: dict[Key, JsonObject] = {}
        changes: list[Change] = []
        for each in objects:
            key = _key(each)
            known = before.get(key)
            if known is not None and _is_same(known, each):
                after[key] = known
                continue
            after[key] = self._transform(each)
            changes.append(Change(known, after[key]))
        deleted = [Change(known, None) for key, known in before.items() if key not in after]
        with self._lock:
            self._objects = after
        return deleted + changes

    def put(self, each: JsonObject) -> Change | None:
        """Hold an object that was added or modified; None when it is known already."""
        key = _key(each)
        known = self._objects.get(key)
        if known is not None and _is_same(known, each):
            return None
        transformed = self._transform(each)
        with self._lock:
            self._objects[key] = transformed
        return Change(known, transformed)

    def remove(self, last: JsonObject) -> Change | None:
        """Drop an object that was deleted, `last` as it was in the end; None when it was not there."""
        key = _key(last)
        if key not in self._objects:
            return None
        with self._lock:
            del self._objects[key]
        return Change(self._transform(last), None)


def without_managed_fields(each: JsonObject) -> JsonObject:
    """Drop who owns which field, which is often half of an object."""
    metadata = {name: value for name, value in each["metadata"].items() if name != "managedFields"}
    return {**each, "metadata": metadata}


def _key(each: JsonObject) -> Key:
    metadata: dict[str, Any] = each["metadata"]
    return (metadata.get("namespace", ""), metadata["name"])


def _is_same(one: JsonObject, other: JsonObject) -> bool:
    return _identity(one["metadata"]) == _identity(other["metadata"])


def _identity(metadata: JsonObject) -> tuple[object, object]:
    return metadata.get("uid"), metadata.get("resourceVersion")
