"""The JSON shapes of `POST /v1/metrics`: one value, a list of values, or an object that holds the list."""

from __future__ import annotations

from typing import Any

from iter8_gitops.errors import InvalidArgumentError
from iter8_gitops.serving.arguments import Measurement
from iter8_gitops.serving.http.shapes import converted, converted_list, refuse_others
from iter8_gitops.serving.usecases import MAX_VALUES


def measurements_in(document: Any) -> tuple[list[Measurement], str | None]:
    """The measurements in a decoded body, and how the body names their list (None: there is no list).

    Raises `InvalidArgumentError` with the field of the first value that has another shape.
    """
    if isinstance(document, list):
        return converted_list(document, Measurement, "", MAX_VALUES), ""
    if isinstance(document, dict) and "values" in document:
        refuse_others(document, "values")
        if not isinstance(document["values"], list):
            raise InvalidArgumentError("values", "must be an array")
        return converted_list(document["values"], Measurement, "values", MAX_VALUES), "values"
    return [converted(document, Measurement)], None
