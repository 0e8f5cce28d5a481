"""Where two JSON values differ, as paths. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from iter8_gitops.promotion.references import shown
from iter8_gitops.promotion.text.values import same
from iter8_gitops.spec.documents import Step


def differences(one: Any, other: Any) -> Iterator[str]:
    """The deepest paths at which they differ, in the order of `other` and then of `one`."""
    yield from (shown(path) for path in _paths(one, other, ()))


def _paths(one: Any, other: Any, path: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    if same(one, other):
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for key in (*other, *(key for key in one if key not in other)):
            if key in one and key in other:
                yield from _paths(one[key], other[key], (*path, key))
            else:
                yield (*path, key)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _paths(left, right, (*path, index))
    else:
        yield path
