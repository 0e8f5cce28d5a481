"""The JSON shapes of what is reported: one item, a list of items, or an object that holds the list."""

from __future__ import annotations

from typing import Any

from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.serving.arguments import Measurement, ReportedExposure
from iter8_gitops.serving.http.shapes import Shape, converted, converted_list, refuse_others
from iter8_gitops.serving.reports import MAX_VALUES


def measurements_in(document: Any) -> tuple[list[Measurement], str | None]:
    """The measurements in a decoded body of `POST /v1/metrics`; see `_items_in`."""
    return _items_in(document, Measurement, "values")


def exposures_in(document: Any) -> tuple[list[ReportedExposure], str | None]:
    """The exposures in a decoded body of `POST /v1/exposures`; see `_items_in`."""
    return _items_in(document, ReportedExposure, "exposures")


def _items_in(document: Any, shape: type[Shape], key: str) -> tuple[list[Shape], str | None]:
    """The items in a decoded body, and how the body names their list (None: there is no list).

    Raises `InvalidArgumentError` with the field of the first item that has another shape.
    """
    if isinstance(document, list):
        return converted_list(document, shape, "", MAX_VALUES), ""
    if isinstance(document, dict) and key in document:
        refuse_others(document, key)
        if not isinstance(document[key], list):
            raise InvalidArgumentError(key, "must be an array")
        return converted_list(document[key], shape, key, MAX_VALUES), key
    return [converted(document, shape)], None
