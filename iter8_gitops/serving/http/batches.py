"""The JSON shapes of `POST /v1/lookup`: one lookup, a list of them, or applications times users."""

from __future__ import annotations

from typing import Any, TypeAlias

from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.serving.arguments import Lookup, LookupProduct
from iter8_gitops.serving.batches import MAX_DECISIONS
from iter8_gitops.serving.http.shapes import converted, converted_list, refuse_others

Batch: TypeAlias = LookupProduct | list[Lookup]


def lookups_in(document: Any) -> Lookup | Batch:
    """What a decoded body asks. Raises `InvalidArgumentError` with the field of the first thing of another shape."""
    if isinstance(document, dict) and "lookups" in document:
        refuse_others(document, "lookups")
        if not isinstance(document["lookups"], list):
            raise InvalidArgumentError("lookups", "must be an array")
        return converted_list(document["lookups"], Lookup, "lookups", MAX_DECISIONS)
    if isinstance(document, dict) and ("applications" in document or "users" in document):
        return converted(document, LookupProduct)
    return converted(document, Lookup)


def count_of(batch: Batch) -> int:
    """How many lookups a batch asks for."""
    return len(batch.applications) * len(batch.users) if isinstance(batch, LookupProduct) else len(batch)
