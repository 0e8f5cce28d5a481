"""What is wrong with a value in a document, before it is known where the document puts it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from iter8_gitops.spec.documents import Document, Step
from iter8_gitops.spec.fields import Strict
from iter8_gitops.spec.problem import Code, Problem
from iter8_gitops.spec.wording import abridged, kind_of, suggestion

_PLAIN_KEY = re.compile(r"[\w-]+")
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something wrong at `path`. `message` continues a sentence that begins with the path.

    `at_key` says that the key is wrong, and not its value.
    """

    path: tuple[Step, ...]
    message: str
    hint: str = ""
    at_key: bool = False
    code: Code = Code.INVALID_VALUE

    def problem(self, document: Document, label: str = "") -> Problem:
        """The complaint about `document`, which `label` names in front of the path."""
        place = document.key_position if self.at_key else document.position
        said = f"{dotted(label, self.path)} {self.message}".lstrip()
        return Problem(document.file, *place(*self.path), said, self.hint, code=self.code)


def complaints_of(error: ValidationError, model: type[Strict]) -> Iterator[Complaint]:
    """Every error of a validation against `model`, in words."""
    for detail in error.errors(include_url=False):
        yield _complaint(detail, model)


def dotted(label: str, path: Iterable[Step]) -> str:
    """`label` and `path` as people write it: `spec.versions[1].weight`."""
    said = label
    for step in path:
        if isinstance(step, int):
            said += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            said += f".{abridged(step)}" if said else abridged(step)
        else:
            said += f'["{abridged(step)}"]'
    return said


def _complaint(detail: ErrorDetails, model: type[Strict]) -> Complaint:
    path, given, limits = detail["loc"], detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            hint = _missing_hint(path[-1], given, model, path)
            return Complaint(path, "is missing", hint, code=Code.MISSING_KEY)
        case "extra_forbidden":
            hint = suggestion(str(path[-1]), _valid_keys(model, path[:-1]), kind="keys")
            return Complaint(path, "is an unknown key", hint, at_key=True, code=Code.UNKNOWN_KEY)
        case "rule":
            return Complaint(path, limits["said"], limits["hint"])
        case "literal_error":
            return Complaint(path, f"is `{abridged(str(given))}`", f"write {limits['expected']}")
        case "greater_than_equal" | "less_than_equal":
            bound = f"at least {limits['ge']:g}" if "ge" in limits else f"at most {limits['le']:.12g}"
            return Complaint(path, f"must be {bound}, not {given}")
        case "too_short" | "string_too_short":
            return Complaint(path, "must not be empty")
        case "too_long" | "string_too_long":
            unit = "characters" if isinstance(given, str) else "items"
            return Complaint(path, f"has more than {limits['max_length']} {unit}")
        case wrong if wrong in _WANTED:
            return Complaint(path, f"must be {_WANTED[wrong]}, not {kind_of(given)}", _type_hint(wrong, given))
        case _:
            return Complaint(path, f"cannot be used: {detail['msg']}")


def _type_hint(wrong: str, given: Any) -> str:
    if wrong == "string_type" and isinstance(given, (bool, int, float)):
        return "quote it"
    if wrong == "int_type" and isinstance(given, str) and given.isascii() and given.isdigit():
        return "remove the quotes"
    if wrong == "list_type" and isinstance(given, dict):
        return "begin each item with `- `"
    return ""


def _missing_hint(key: Step, given: Any, model: type[Strict], path: tuple[Step, ...]) -> str:
    if not isinstance(given, dict) or str(key) in given:
        return ""
    valid = set(_valid_keys(model, path[:-1]))
    return f"add it beside {', '.join(sorted(valid & set(given)))}" if valid & set(given) else ""


def _valid_keys(model: type[Strict], path: tuple[Step, ...]) -> list[str]:
    """The keys allowed in the mapping at `path`."""
    for step in path:
        for name, field in model.model_fields.items():
            if step in (field.alias, name):
                model = next(_models_in(field.annotation), model)
                break
    return model.keys()


def _models_in(annotation: Any) -> Iterator[type[Strict]]:
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
