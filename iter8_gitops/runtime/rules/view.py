"""What expressions see of an object."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from iter8_gitops.runtime.rules.bounded import LOOPING, ORDINARY, TooMuchError, bounded_copy
from iter8_gitops.spec.content import omit
from iter8_gitops.spec.resource import Resource

VARIABLES = ("metadata", "object", "spec", "status")
"""What an object is called in expressions: three of its sections, and the whole."""

_BOOKKEEPING = frozenset({"managedFields"})
_LAST_APPLIED = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})


class ObjectView:
    """One object for any number of expressions. What none of them asks for is never copied."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._copies: dict[tuple[str, bool], Any] = {}
        self._refusals: dict[tuple[str, bool], str] = {}

    def variables(self, names: Collection[str], *, loops: bool) -> dict[str, Any]:
        """The variables in `names`, for an expression that `loops` or not. Raises `TooMuchError`."""
        return {name: self._copy(name, loops) for name in names}

    def _copy(self, name: str, loops: bool) -> Any:
        asked = (name, loops)
        if asked in self._refusals:
            raise TooMuchError(self._refusals[asked])
        if asked not in self._copies:
            try:
                self._copies[asked] = bounded_copy(name, self._section(name), LOOPING if loops else ORDINARY)
            except TooMuchError as error:
                self._refusals[asked] = str(error)
                raise
        return self._copies[asked]

    def _section(self, name: str) -> Mapping[str, Any]:
        if name == "metadata":
            return _without_bookkeeping(self._resource.metadata)
        if name == "object":
            manifest = self._resource.manifest
            metadata = {"metadata": _without_bookkeeping(self._resource.metadata)} if self._resource.metadata else {}
            return {**manifest, **metadata}
        return self._resource.section(name)


def _without_bookkeeping(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """`metadata` without what tools note for themselves, which may be larger than the object."""
    annotations = metadata.get("annotations")
    kept = omit(metadata, _BOOKKEEPING)
    return {**kept, "annotations": omit(annotations, _LAST_APPLIED)} if isinstance(annotations, Mapping) else kept
